import Domain
import Glibc
import Platform
import Synchronization

@testable import Agent

/// A state folder with a query log, a clock and a disk of the test's making.
final class QueryLogRoom {
    let scratch: Scratch
    let metrics = Metrics()
    let disk = Disk()
    var settings = QueryLogSettings()
    var gzip = "/usr/bin/gzip"
    var folder: QueryLogFolder { QueryLogFolder(state: scratch.path) }

    /// Takes so many bytes, then none; `.max` for a disk that never fills.
    final class Disk: Sendable {
        private let room = Mutex(Int.max)
        private let free = Mutex(Int.max)

        func have(room bytes: Int) { room.withLock { $0 = bytes } }

        /// So many bytes of 100 GiB are free.
        func have(free bytes: Int) { free.withLock { $0 = bytes } }

        var asked: @Sendable (String) -> (free: Int, total: Int)? {
            { _ in (self.free.withLock { $0 }, 100 << 30) }
        }

        var writing: AppendFile.Writing {
            { descriptor, bytes, count in
                let taken = self.room.withLock { room in
                    let taken = min(room, count)
                    if room != .max { room -= taken }
                    return taken
                }
                guard taken > 0 else {
                    errno = ENOSPC
                    return -1
                }
                return Glibc.write(descriptor, bytes, taken)
            }
        }
    }

    init() throws { scratch = try Scratch() }

    func open(at now: Timestamp = Sample.noon) -> QueryLog {
        QueryLog(
            state: scratch.path, settings: settings, metrics: metrics, gzip: gzip,
            disk: QueryLogDisk(writing: disk.writing, room: disk.asked), now: { now })
    }

    /// One look of the keeper, as if the agent wrote no file at present.
    @discardableResult
    func upkeep(at now: Timestamp, hours: Int64 = 0) -> Bool {
        var upkeep = QueryLogUpkeep(
            folder: folder, settings: settings, shared: shared, gzip: gzip)
        var isDone = true
        for hour in 0...hours {
            isDone = upkeep.run(at: now, monotonic: hour * 3_600_000) { _ in true }
        }
        return isDone
    }

    lazy var shared = {
        QueryLogShared.declare(metrics)
        return QueryLogShared(metrics: metrics, today: Sample.noon.date)
    }()

    struct Found {
        var rows: [[String]] = []
        var subjectLines: [Int] = []
        var outcome = QueryLogSearch.Outcome()

        func column(_ field: QueryLogLine.Field) -> [String] { rows.map { $0[field.rawValue] } }
    }

    func search(_ filter: SearchFilter = SearchFilter(), limit: Int64 = 1_000_000) throws -> Found {
        var found = Found()
        var spool = try SearchSpool(folder: folder.path)
        found.outcome = try QueryLogSearch(
            folder: folder, filter: filter, keyID: try? QueryLogKey.load(scratch.path).id,
            limit: limit
        ).run(into: &spool, isStopped: { false }, seen: { _ in })
        try spool.forEach { line, subjectLine in
            found.rows.append(QueryLogLine.Field.allCases.map { line.text($0) })
            found.subjectLines.append(subjectLine)
            return true
        }
        return found
    }

    var names: [String] { Files.list(folder.path) }

    func text(_ name: String) throws -> String {
        try Files.readText("\(folder.path)/\(name)", bytesMax: 64 << 20)
    }

    /// Runs a shell line in the log's folder; true when it ended with 0.
    func shell(_ line: String) -> Bool {
        ShellCommand("cd '\(folder.path)' && { \(line); }").run(input: [], environment: [:])
            == .ended(status: 0)
    }
}

extension Sample {
    /// The nth of many sightings, each with a message id of its own.
    static func sighting(_ number: Int, at: Timestamp? = nil) -> Sighting {
        Sighting(
            at: at ?? noon.advanced(byMilliseconds: Int64(number)),
            login: Login("canbo\(number % 7)")!, service: service, source: "10.0.0.\(number % 200)",
            verdict: number % 5 == 0 ? .deny : .allow, reason: number % 5 == 0 ? .r1 : nil,
            requestID: "cong-\(number)", messageID: "ma-\(number)", subject: askedSubject(number),
            officer: "000088\(padded(number % 50))", serviceUnit: "dvc")
    }

    static func askedSubject(_ number: Int) -> String { "000099\(padded(number % 400))" }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}
