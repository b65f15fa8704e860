import Synchronization

/// Keeps the agent's places in the logs that it follows. They stand in the ledger, so that a count and the place
/// behind its line survive a crash together.
///
///     journal at 64: u64 1 while it holds, place of a record (0: none), its new count, offset of a cursor,
///             the cursor's five words
///     cursor  64 bytes: u64 name of the log (a hash; 0: free), device, inode, offset, fingerprint; the rest 0
extension LedgerFile {
    static let cursorsMax = 16
    private static let journal = 64
    private static let cursorsOffset = 192
    private static let cursorBytes = 64
    private static let cursorWords = 5

    /// A place in a followed log.
    struct Cursor: Equatable {
        var device: UInt64
        var inode: UInt64
        var offset: UInt64
        /// The fingerprint of the file's first bytes, which tells one file from another that got the same inode.
        var fingerprint: UInt64
    }

    /// The cursor of a log; nil when none is kept.
    func cursor(of log: UInt64) -> Cursor? {
        guard let slot = slot(of: log), load(slot) == log else { return nil }
        return Cursor(
            device: load(slot + 8), inode: load(slot + 16), offset: load(slot + 24),
            fingerprint: load(slot + 32))
    }

    /// Keeps a cursor, and adds one to the record at `place` if there is one: after a crash both are done or neither
    /// is. `log` is never 0. Returns false when there would be more than `cursorsMax` logs.
    func keep(_ cursor: Cursor, of log: UInt64, counting place: Int? = nil) -> Bool {
        guard let slot = slot(of: log) else { return false }
        let count = place.map { load($0 + Self.countOffset) &+ 1 } ?? 0
        let words = [log, cursor.device, cursor.inode, cursor.offset, cursor.fingerprint]
        store(Self.journal + 8, UInt64(place ?? 0))
        store(Self.journal + 16, count)
        store(Self.journal + 24, UInt64(slot))
        for (index, word) in words.enumerated() { store(Self.journal + 32 + index * 8, word) }
        atomicMemoryFence(ordering: .releasing)
        store(Self.journal, 1)
        atomicMemoryFence(ordering: .releasing)
        applyJournal()
        return true
    }

    /// Completes what a crash interrupted. The values are absolute, so doing it twice changes nothing.
    func redoJournal() {
        guard isStarted, load(Self.journal) == 1 else { return }
        let place = Int(truncatingIfNeeded: load(Self.journal + 8))
        let slot = Int(truncatingIfNeeded: load(Self.journal + 24))
        // A journal torn by a power loss may name no record or no cursor; it is left alone.
        guard place == 0 || index.contains(place: place), Self.slots.contains(slot),
            load(Self.journal + 16) <= Self.countMax
        else { return store(Self.journal, 0) }
        applyJournal()
    }

    private func applyJournal() {
        let place = Int(truncatingIfNeeded: load(Self.journal + 8))
        let slot = Int(truncatingIfNeeded: load(Self.journal + 24))
        if place > 0 { store(place + Self.countOffset, load(Self.journal + 16)) }
        for index in 0..<Self.cursorWords {
            store(slot + index * 8, load(Self.journal + 32 + index * 8))
        }
        atomicMemoryFence(ordering: .releasing)
        store(Self.journal, 0)
    }

    func copyCursors(of other: LedgerFile) {
        for slot in Self.slots {
            for index in 0..<Self.cursorWords {
                store(slot + index * 8, other.load(slot + index * 8))
            }
        }
    }

    var hasCursors: Bool { Self.slots.contains { load($0) != 0 } }

    func hasSlot(for log: UInt64) -> Bool { slot(of: log) != nil }

    /// Frees the places of all logs but these.
    func forgetCursors(besides logs: Set<UInt64>) {
        for slot in Self.slots where !logs.contains(load(slot)) { store(slot, 0) }
    }

    private static var slots: StrideTo<Int> {
        stride(
            from: cursorsOffset, to: cursorsOffset + cursorsMax * cursorBytes, by: cursorBytes)
    }

    /// The slot of the log, else a free one; nil when there is neither.
    private func slot(of log: UInt64) -> Int? {
        Self.slots.first { load($0) == log } ?? Self.slots.first { load($0) == 0 }
    }
}
