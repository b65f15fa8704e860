import Domain
import Platform

/// Writes lines into the present file and changes files. One thread. Lines wait in memory for at most a tick or 64
/// KiB; when the disk takes none, up to 256 KiB wait, and the rest is dropped and counted.
struct QueryLogWriter {
    static let flushBytes = 64 << 10
    static let waitingBytesMax = 256 << 10
    /// A line timed up to this long before a date still goes into that date's file, since queries of several
    /// connections cross each other at midnight.
    static let latenessMilliseconds: Int64 = 60_000

    private let folder: QueryLogFolder
    private let state: String
    private let settings: QueryLogSettings
    private let shared: QueryLogShared
    private let disk: QueryLogDisk

    private var key: (id: String, digest: KeyedDigest)?
    private var encoder = QueryLogEncoder()
    private var file: AppendFile?
    private var fileBytes = 0
    private var name: QueryLogName
    /// The times that belong into the present file.
    private var times: Range<Timestamp>
    /// Whole lines; their first `flushed` bytes are in the file already.
    private var waiting: [UInt8] = []
    private var flushed = 0
    private var waitingLines: Int64 = 0
    /// Lines dropped and not yet reported in the log itself.
    private var lost: Int64 = 0
    private var isInTrouble = false

    /// Opens today's file, or continues the one that the last run wrote to.
    init(
        state: String, settings: QueryLogSettings, shared: QueryLogShared, at now: Timestamp,
        disk: QueryLogDisk
    ) {
        folder = QueryLogFolder(state: state)
        self.state = state
        self.settings = settings
        self.shared = shared
        self.disk = disk
        name = QueryLogName(date: now.date, number: 1)
        times = Self.times(of: now.date)
        attempt(at: now) { writer in try writer.start(at: now) }
    }

    // MARK: What comes in

    mutating func note(_ sighting: Sighting) {
        if !times.contains(sighting.at) { changeDate(sighting.at) }
        guard let key, waiting.count < Self.waitingBytesMax else { return lose(1) }
        if lost > 0 {
            waiting += QueryLogSchema.lost(at: sighting.at.description, lines: lost)
            lost = 0
        }
        let subject = sighting.subject.isEmpty ? nil : key.digest.subject(sighting.subject)
        encoder.append(sighting, subject: subject, to: &waiting)
        waitingLines += 1
        if waiting.count >= Self.flushBytes, !isInTrouble { flush(at: sighting.at) }
    }

    /// Counts lines that never reached this writer.
    mutating func lose(_ lines: Int64) {
        lost += lines
        shared.dropped(lines)
    }

    mutating func tick(at now: Timestamp) {
        if !times.contains(now) { changeDate(now) }
        if file?.isGone == true {
            Log.error(
                "somebody removed the query log's file while it was written; a new one begins",
                ["file": name.plain])
            file = nil
        }
        if lost > 0, waiting.count < Self.waitingBytesMax {
            waiting += QueryLogSchema.lost(at: now.description, lines: lost)
            lost = 0
        }
        flush(at: now)
    }

    // MARK: Files

    private static func times(of date: CalendarDate) -> Range<Timestamp> {
        Timestamp(date).advanced(byMilliseconds: -latenessMilliseconds)..<Timestamp(date.next)
    }

    private mutating func changeDate(_ time: Timestamp) {
        flush(at: time)
        leaveFile()
        name = QueryLogName(date: time.date, number: 1)
        times = Self.times(of: time.date)
    }

    /// Leaves the file. Lines that could not be written into it are dropped with it.
    private mutating func leaveFile() {
        if !waiting.isEmpty {
            lose(waitingLines)
            waiting.removeAll(keepingCapacity: true)
            (flushed, waitingLines) = (0, 0)
        }
        file = nil
    }

    private mutating func start(at now: Timestamp) throws {
        try Files.makeFolder(folder.path)
        let key = try takeKey(at: now)
        guard let newest = folder.entries().last, newest.plainBytes != nil,
            newest.packedBytes == nil
        else { return try makeFile() }
        let found = try AppendFile.open(folder.plain(newest.name), writing: disk.writing)
        try repair(found, at: now)
        let head = QueryLogSchema.head(keyID: key)
        guard newest.name.date == now.date, found.size < settings.fileBytesMax,
            try begins(found.path, with: head)
        else { return try makeFile() }
        shared.begin(newest.name)
        (file, fileBytes, name) = (found, found.size, newest.name)
    }

    /// Ends a line that a crash cut off, and adds a line that says so.
    private func repair(_ file: AppendFile, at now: Timestamp) throws {
        let tail = try file.tail(64 << 10)
        guard let last = tail.last, last != QueryLogSchema.newline else { return }
        let torn = tail.count - ((tail.lastIndex(of: QueryLogSchema.newline) ?? -1) + 1)
        try file.appendAll(
            [QueryLogSchema.newline] + QueryLogSchema.torn(at: now.description, bytes: torn))
        try file.sync()
        Log.warning(
            "the query log's last line was cut off by a crash; it is marked and says nothing",
            ["file": file.path, "bytes": torn])
    }

    private func begins(_ path: String, with head: [UInt8]) throws -> Bool {
        var start = [UInt8](repeating: 0, count: head.count)
        return try ByteSource(path).fill(&start) == head.count && start == head
    }

    private mutating func takeKey(at now: Timestamp) throws -> String {
        if let key { return key.id }
        let found = try QueryLogKey.loadOrMake(state, at: now)
        key = (found.id, try found.makeDigest())
        return found.id
    }

    /// Makes a new file of the present date.
    private mutating func makeFile() throws {
        guard let key else { return }
        let date = name.date
        let last = folder.entries().last { $0.name.date == date }
        name = QueryLogName(date: date, number: (last?.name.number ?? 0) + 1)
        shared.begin(name)
        let made = try AppendFile.create(folder.plain(name), writing: disk.writing)
        do {
            let head = QueryLogSchema.head(keyID: key.id)
            try made.appendAll(head)
            Files.syncFolder(of: made.path)
            (file, fileBytes) = (made, head.count)
        } catch {
            Files.remove(made.path)
            throw error
        }
    }

    // MARK: To the disk

    /// Writes the waiting lines, into a new file when the present one is full or absent.
    private mutating func flush(at now: Timestamp) {
        attempt(at: now) { writer in
            if writer.key == nil {
                try Files.makeFolder(writer.folder.path)
                _ = try writer.takeKey(at: now)
            }
            try writer.disk.check(writer.folder.path)
            if writer.file != nil, writer.flushed == 0,
                writer.fileBytes + writer.waiting.count > writer.settings.fileBytesMax
            {
                writer.file = nil
            }
            if writer.file == nil {
                // The rest of a line is useless without its beginning, so the whole line is written again.
                writer.flushed = 0
                try Files.makeFolder(writer.folder.path)
                try writer.makeFile()
            }
            try writer.writeWaiting()
        }
    }

    private mutating func writeWaiting() throws {
        guard let file, flushed < waiting.count else { return }
        defer {
            // Whole lines in the file make room in memory; a line that is there in part waits for its rest.
            let end = (waiting[..<flushed].lastIndex(of: QueryLogSchema.newline) ?? -1) + 1
            let lines = end == waiting.count ? waitingLines : Self.queries(in: waiting[..<end])
            waiting.removeFirst(end)
            flushed -= end
            waitingLines -= lines
            shared.added(file, lines: lines)
        }
        while flushed < waiting.count {
            let outcome = waiting[flushed...].withUnsafeBytes { bytes in
                Result { () throws(FileError) in try file.append(bytes) }
            }
            let count = try outcome.get()
            flushed += count
            fileBytes += count
        }
    }

    private static func queries(in lines: ArraySlice<UInt8>) -> Int64 {
        var count: Int64 = 0
        var isStart = true
        for byte in lines {
            if isStart, byte != QueryLogSchema.hash { count += 1 }
            isStart = byte == QueryLogSchema.newline
        }
        return count
    }

    /// Runs what may fail, and reports a failure once until it is over.
    private mutating func attempt(at now: Timestamp, _ work: (inout Self) throws -> Void) {
        do {
            try work(&self)
            isInTrouble = false
            if shared.isWell(.writing) { Log.notice("the query log is written again") }
        } catch {
            isInTrouble = true
            if shared.isTrouble(.writing, error) {
                Log.error(
                    "the query log cannot be written; queries are counted all the same, lines beyond 256 KiB are dropped and counted",
                    ["error": error])
            }
        }
    }
}
