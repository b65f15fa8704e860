import Domain
import Platform

/// Follows one log by its path through rename and create, copytruncate, truncation and restarts. It hands over every
/// line with the cursor behind it; a caller who keeps the cursor together with the count counts each line once,
/// whatever crashes. It has no thread of its own: one thread polls it about 5 times a second.
///
/// A renamed log is read until its successor holds something and it has been quiet for `quietMilliseconds`, since
/// nginx keeps writing to it until it is told to reopen its logs. Whatever is certainly or probably missing is told
/// as a gap; bad lines are counted and a few of them shown.
final class LogFollower {
    enum FirstLook: Sendable {
        /// Read everything in the file.
        case beginning
        /// Read what is written from now on; a file that comes only later is read from its beginning.
        case end
    }

    static let bytesPerPoll = 8 << 20
    static let quietMilliseconds: Int64 = 5000

    let path: String
    let format: LogFormat
    let reader: LineReader
    let scanner = LineScanner()
    /// Milliseconds on a clock that only goes forward.
    let clock: () -> Int64
    let bytesPerPoll: Int
    /// Statuses with which the proxy itself answers a query; such queries went nowhere and are passed over.
    let unforwarded: Set<Int>
    var file: LogFile?
    /// Where to continue; used until a file is found.
    var resume: LogCursor?
    var firstLook: FirstLook
    var notes = LogNotes()
    /// The fingerprint of the file's first bytes, read or not, as they were when first seen.
    private(set) var head: (upTo: Int64, fingerprint: UInt64) = (0, 0)
    /// The fingerprint of the bytes before the offset, for cursors.
    private var passed: (upTo: Int64, fingerprint: UInt64)?
    /// When the renamed file was last seen to grow; nil while it is not renamed.
    var quietSince: Int64?

    /// Throws when the format lacks a variable that account or service names, or a time.
    init(
        path: String, format: LogFormat, account: LogExpression = .account,
        service: LogExpression = .service, resumingAt cursor: LogCursor?,
        unforwarded: Set<Int> = [], firstLook: FirstLook = .beginning,
        bytesPerPoll: Int = LogFollower.bytesPerPoll,
        clock: @escaping () -> Int64 = MonotonicClock.milliseconds
    ) throws(LogFormatError) {
        self.path = path
        self.format = format
        self.firstLook = firstLook
        self.bytesPerPoll = bytesPerPoll
        self.unforwarded = unforwarded
        self.clock = clock
        resume = cursor
        reader = try LineReader(
            format, account: account, service: service, needsTime: true, tellsForwarding: true)
    }

    /// Hands over what was written since the last call, about `bytesPerPoll` bytes at most. When `line` throws, that
    /// line comes again with the next poll. Trouble with the file is noted, not thrown.
    func poll(_ line: (LogLine, LogCursor) throws -> Void) throws {
        if file == nil { openFirst() }
        var left = bytesPerPoll
        while let file, left > 0 {
            if isReplaced(file) {
                restart(file)
                continue
            }
            keepHead(file)
            guard try readOn(file, &left, line) else { return }
            guard left > 0, try leave(file, line) else { return }
        }
    }

    /// Where reading stands; nil before a file was found. Behind bad lines it is farther than the cursor handed over
    /// last, so it is worth keeping from time to time.
    var cursor: LogCursor? {
        guard let file else { return resume }
        return cursor(file, scanner.lineStart)
    }

    /// The bytes of the present file that were not read yet.
    var behind: Int64 { file.map { max(0, $0.state.size - scanner.consumed) } ?? 0 }

    func go(to file: LogFile, at offset: Int64) {
        self.file = file
        head = (0, 0)
        passed = nil
        quietSince = nil
        resume = nil
        scanner.reset(at: offset)
        keepHead(file)
    }

    func cursor(_ file: LogFile, _ offset: Int64) -> LogCursor {
        LogCursor(
            device: file.device, inode: file.inode, offset: offset,
            fingerprint: fingerprint(file, upTo: offset))
    }

    private func fingerprint(_ file: LogFile, upTo offset: Int64) -> UInt64 {
        let wanted = min(offset, Int64(LogCursor.headBytes))
        if let passed, passed.upTo == wanted { return passed.fingerprint }
        // The file shrank just now; whoever resumes with this cursor finds that it does not fit.
        guard let fingerprint = file.fingerprint(upTo: wanted) else { return 0 }
        passed = (wanted, fingerprint)
        return fingerprint
    }

    private func keepHead(_ file: LogFile) {
        let wanted = min(file.state.size, Int64(LogCursor.headBytes))
        guard wanted > head.upTo, let fingerprint = file.fingerprint(upTo: wanted) else { return }
        head = (wanted, fingerprint)
    }

    /// Whether the file no longer holds what was seen of it, because it was truncated and perhaps filled again since.
    private func isReplaced(_ file: LogFile) -> Bool {
        file.state.size < scanner.position || !hasHead(file)
    }

    func hasHead(_ file: LogFile) -> Bool { file.fingerprint(upTo: head.upTo) == head.fingerprint }

    /// Reads up to the file's end. Returns false when the file cannot be read.
    private func readOn(
        _ file: LogFile, _ left: inout Int, _ line: (LogLine, LogCursor) throws -> Void
    ) throws -> Bool {
        while true {
            try handOver(file, line)
            guard left > 0 else { return true }
            let position = scanner.position
            let got = scanner.refill { file.read(at: position, into: $0, $1) }
            guard got >= 0 else {
                notes.setTrouble("\(path): cannot be read on at byte \(position)")
                return false
            }
            guard got > 0 else { return true }
            left -= got
            if quietSince != nil { quietSince = clock() }
        }
    }

    private func handOver(_ file: LogFile, _ line: (LogLine, LogCursor) throws -> Void) throws {
        while true {
            switch scanner.next() {
            case .none: return
            case .tooLong(let start): notes.bad.note(.tooLong, start, format)
            case .line(let bytes):
                try take(bytes, cursor: { cursor(file, scanner.positionAfterLine) }, line)
            }
            scanner.take()
        }
    }

    /// Hands a line over, or counts it as bad.
    func take(
        _ bytes: UnsafeRawBufferPointer, cursor: () -> LogCursor,
        _ line: (LogLine, LogCursor) throws -> Void
    ) throws {
        guard !bytes.isEmpty else { return }
        if let fault = reader.read(bytes) {
            notes.bad.note(fault, bytes, format)
            return
        }
        let read = LogLine(reader, bytes)
        guard read.at.isPlausible else {
            // One such row would make a collector refuse the whole summary.
            notes.bad.note(.implausible, bytes, format)
            return
        }
        // Whether the line says that another server was asked outweighs the status, which may be that server's.
        guard read.wasForwarded ?? !unforwarded.contains(read.status) else {
            notes.unforwarded += 1
            return
        }
        try line(read, cursor())
        notes.lines += 1
        notes.lastLine = read.at
    }
}
