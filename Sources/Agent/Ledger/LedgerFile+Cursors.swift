import Synchronization

/// Where the agent stands in the logs that it follows: in the ledger, so that a count and the place after
/// its line survive a crash together.
///
///     cursor  128 bytes: u64 name of the log (its hash), u64 which of the two places holds (0 or 1), twice a
///             place of u64 device, inode, offset, fingerprint; the rest 0
///
/// Within one file only the offset moves, by 8 bytes at once; another file is written whole into the place
/// that does not hold, before the word that says which one does.
extension LedgerFile {
    static let cursorsMax = 16
    private static let cursorBytes = 128
    private static let cursorsOffset = 128
    static let cursorRange = cursorsOffset..<(cursorsOffset + cursorsMax * cursorBytes)

    /// A place in a followed log.
    struct Cursor: Equatable {
        var device: UInt64
        var inode: UInt64
        var offset: UInt64
        /// Tells one file from another that got the same inode.
        var fingerprint: UInt64
    }

    /// Nil: nothing is kept of that log.
    func cursor(of log: UInt64) -> Cursor? {
        slot(of: log).flatMap { slot in
            load(slot) == log ? readPlace(placeOffset(slot, load(slot + 8))) : nil
        }
    }

    /// Keeps a cursor without a count. False: more than `cursorsMax` logs.
    func keep(_ cursor: Cursor, of log: UInt64) -> Bool {
        guard let slot = slot(of: log) else { return false }
        if load(slot) == log, isSameFile(cursor, slot) {
            store(placeOffset(slot, load(slot + 8)) + 16, cursor.offset)
            return true
        }
        let next: UInt64 = load(slot) == log ? 1 - (load(slot + 8) & 1) : 0
        let place = placeOffset(slot, next)
        store(place, cursor.device)
        store(place + 8, cursor.inode)
        store(place + 16, cursor.offset)
        store(place + 24, cursor.fingerprint)
        atomicMemoryFence(ordering: .releasing)
        store(slot + 8, next)
        atomicMemoryFence(ordering: .releasing)
        store(slot, log)
        return true
    }

    /// Adds one to a record and moves the cursor behind the line that was counted: both or neither.
    /// Where the line is the first of another file, that file is kept at its beginning first.
    func bump(_ place: Int, _ cursor: Cursor, lineStart: UInt64, of log: UInt64) -> Bool {
        guard let slot = slot(of: log) else { return false }
        if load(slot) != log || !isSameFile(cursor, slot) {
            var start = cursor
            start.offset = lineStart
            guard keep(start, of: log) else { return false }
        }
        bump(place, moving: placeOffset(slot, load(slot + 8)) + 16, to: cursor.offset)
        return true
    }

    func copyCursors(of other: LedgerFile) {
        for offset in stride(
            from: Self.cursorRange.lowerBound, to: Self.cursorRange.upperBound, by: 8)
        {
            store(offset, other.load(offset))
        }
    }

    private func isSameFile(_ cursor: Cursor, _ slot: Int) -> Bool {
        let held = readPlace(placeOffset(slot, load(slot + 8)))
        return held.device == cursor.device && held.inode == cursor.inode
            && held.fingerprint == cursor.fingerprint
    }

    private func placeOffset(_ slot: Int, _ which: UInt64) -> Int {
        slot + 16 + Int(which & 1) * 32
    }

    private func readPlace(_ at: Int) -> Cursor {
        Cursor(
            device: load(at), inode: load(at + 8), offset: load(at + 16),
            fingerprint: load(at + 24))
    }

    /// The log's slot, else a free one.
    private func slot(of log: UInt64) -> Int? {
        let slots = (0..<Self.cursorsMax).map { Self.cursorsOffset + $0 * Self.cursorBytes }
        return slots.first { load($0) == log } ?? slots.first { load($0) == 0 }
    }
}
