import Domain
import Glibc
import Platform

/// The crash-safe counters of the current interval, and the files of intervals that are not in the outbox yet.
///
/// A spare file is allocated ahead. On a full disk the current interval simply continues, so that nothing is lost,
/// and it is cut when there is room again.
///
/// `@unchecked Sendable`: it is reached only under the lock of `Checkpoint`; `discard` touches no state.
final class Ledger: @unchecked Sendable {
    /// An interval that is over and that the outbox must still take.
    struct Sealed {
        let number: Int64
        let file: LedgerFile
        let torn: Int
    }

    private let folder: String
    /// The size of each file in bytes.
    private let bytes: Int
    private(set) var current: LedgerFile
    private(set) var number: Int64
    private var spare: LedgerFile?
    /// Ledgers that ended since the last sync and may not be in the outbox yet; at most `waitingMax`.
    private var unsynced: [LedgerFile] = []
    static let waitingMax = 2
    /// Whether a power loss may still take back the name of `current`.
    private var hasNewName = true

    /// Opens the folder, and returns what an earlier run left for the outbox. `after` is the highest number that the
    /// outbox has taken, `from` the end of what was sealed, and `now` the time.
    static func open(
        folder: String, after: Int64, from: Timestamp, now: Timestamp? = nil,
        bytes: Int = LedgerFile.bytesMax
    ) throws(FileError) -> (ledger: Ledger, left: [Sealed], unreadable: Int) {
        try Files.makeFolder(folder)
        Files.remove("\(folder)/spare")
        var left: [Sealed] = []
        var unreadable = 0
        for name in Files.list(folder) {
            guard let number = Int64(name) else { continue }
            let path = "\(folder)/\(name)"
            guard number > after else {
                Files.remove(path)
                continue
            }
            // A crash between making a file and reserving its room leaves an empty or a short one.
            guard Files.size(path) >= bytes else {
                Files.remove(path)
                continue
            }
            let (file, torn) = try LedgerFile.recover(path)
            if file.isForeign {
                // The file is kept for inspection; its missing counts are told as a gap.
                rename(path, path + ".unreadable")
                Log.error(
                    "a ledger cannot be read; it is set aside", ["file": path + ".unreadable"])
                unreadable += 1
                continue
            }
            if file.isStarted || torn > 0 {
                left.append(Sealed(number: number, file: file, torn: torn))
            } else {
                Files.remove(path)
            }
        }
        left.sort { $0.number < $1.number }
        // A start that failed left a ledger that tells nothing. It is used again, so that many such starts do not
        // fill the disk.
        let reused = left.last.flatMap { $0.file.isUntouched && $0.torn == 0 ? $0 : nil }
        if reused != nil { left.removeLast() }
        let number = reused?.number ?? max(after, left.last?.number ?? 0) + 1
        let current: LedgerFile
        if let reused {
            current = reused.file
        } else {
            current = try LedgerFile.create("\(folder)/\(number)", bytes: bytes)
        }
        current.start(
            at: start(after: left.last?.file.to ?? from, at: now ?? from),
            cursors: reused == nil ? left.last?.file : nil)
        return (Ledger(folder, current, number, bytes), left, unreadable)
    }

    private init(_ folder: String, _ current: LedgerFile, _ number: Int64, _ bytes: Int) {
        self.folder = folder
        self.bytes = bytes
        self.current = current
        self.number = number
        // A failure here is met again, and reported, before the next cut (`StorageTroubles.cut`).
        spare = try? makeSpare()
    }

    /// Ends the current interval and begins the next. Throws, and changes nothing, when the disk is full.
    func seal(at now: Timestamp) throws(FileError) -> Sealed {
        let next = number + 1
        guard let fresh = spare else {
            throw FileError(
                path: folder, action: .cutInterval, detail: "no spare ledger is ready",
                vi: "chưa có sổ đếm dự phòng")
        }
        try Files.rename("\(folder)/spare", to: "\(folder)/\(next)")
        // An interval never ends before it began, whatever the clock does.
        let to = max(now, current.to, current.from.advanced(byMilliseconds: 1))
        current.close(at: to)
        unsynced = unsynced.suffix(Self.waitingMax - 1) + [current]
        hasNewName = true
        let sealed = Sealed(number: number, file: current, torn: 0)
        fresh.start(at: Self.start(after: to, at: now), cursors: current)
        current = fresh
        number = next
        spare = nil
        return sealed
    }

    /// Where the next interval begins: where the former ended, unless that is ahead of the time by more than a
    /// clock's inaccuracy. In that case the former was counted by a clock that was ahead, and the next begins now
    /// (`Summary.returns`); what was counted keeps the hours under which it was judged.
    static func start(after end: Timestamp, at now: Timestamp) -> Timestamp {
        end.milliseconds - now.milliseconds > ClockJudge.toleranceMilliseconds ? now : max(now, end)
    }

    var hasSpare: Bool { spare != nil }
    func take(spare file: LedgerFile) { spare = file }

    /// Allocates a spare. This takes time, so it does not run under the lock. One thread at a time.
    func makeSpare() throws(FileError) -> LedgerFile {
        // A file that could not be mapped may lie there.
        Files.remove("\(folder)/spare")
        return try LedgerFile.create("\(folder)/spare", bytes: bytes)
    }

    /// Deletes the file of an interval that the outbox has.
    func discard(_ number: Int64) { Files.remove("\(folder)/\(number)") }

    // MARK: power loss

    /// What must be synced so that everything counted survives a power loss.
    struct Unsynced {
        fileprivate let ended: [LedgerFile]
        fileprivate let current: LedgerFile
        fileprivate let folder: String?

        /// Waits for the disk, so it does not run under the lock.
        func sync() throws(FileError) {
            for file in ended { try file.sync() }
            try current.sync()
            if let folder { Files.syncFolder(of: folder + "/") }
        }
    }

    var toSync: Unsynced {
        Unsynced(
            ended: unsynced, current: current, folder: hasNewName ? folder : nil)
    }

    /// Notes what was synced. Ledgers that ended meanwhile were not synced, or not to their end.
    func note(synced: Unsynced) {
        unsynced.removeAll { file in synced.ended.contains { $0 === file } }
        if unsynced.isEmpty { hasNewName = false }
    }
}
