import Domain
import Platform
import Synchronization

/// The thread that makes the query log last. It syncs what was written, and looks after finished files at the start,
/// when a file is finished, and hourly. A slow disk delays only this thread.
final class QueryLogKeeper: Sendable {
    static let everyMilliseconds: Int64 = 3_600_000
    static let againMilliseconds: Int64 = 600_000

    private let shared: QueryLogShared
    private let isStopping: Flag
    private let thread: RunningThread

    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// `now` reads the wall clock.
    init(
        folder: QueryLogFolder, settings: QueryLogSettings, shared: QueryLogShared, gzip: String,
        now: @escaping @Sendable () -> Timestamp
    ) {
        let flag = Flag()
        self.shared = shared
        isStopping = flag
        thread = RunningThread(name: "query-log") {
            let mayGoOn: (Int64) -> Bool = { milliseconds in
                // The flag is read before waiting, since an earlier wait may have taken the signal that it came with.
                guard !flag.isSet.load(ordering: .sequentiallyConsistent) else { return false }
                if milliseconds > 0 { shared.wake.wait(milliseconds: milliseconds) }
                Self.sync(shared)
                return !flag.isSet.load(ordering: .sequentiallyConsistent)
            }
            folder.removeLeftovers()
            Self.countToday(folder, shared, gzip, at: now(), mayGoOn)
            var upkeep = QueryLogUpkeep(
                folder: folder, settings: settings, shared: shared, gzip: gzip)
            var next = MonotonicClock.milliseconds()
            while mayGoOn(shared.isRotated ? 0 : max(1, next - MonotonicClock.milliseconds())) {
                let monotonic = MonotonicClock.milliseconds()
                guard shared.takeRotated() || monotonic >= next else { continue }
                let isDone = upkeep.run(at: now(), monotonic: monotonic, pulse: mayGoOn)
                next = monotonic + (isDone ? Self.everyMilliseconds : Self.againMilliseconds)
            }
            Self.sync(shared)
        }
    }

    func stop() {
        isStopping.isSet.store(true, ordering: .sequentiallyConsistent)
        shared.wake.signal()
        thread.join()
    }

    private static func sync(_ shared: QueryLogShared) {
        for file in shared.takeToSync() {
            do {
                try file.sync()
                shared.isWell(.syncing)
            } catch {
                if shared.isTrouble(.syncing, error) {
                    Log.error(
                        "the query log cannot be synced; a power loss may cost its newest lines",
                        ["error": error])
                }
            }
        }
    }

    /// Counts the lines that an earlier run wrote today, for `status`.
    private static func countToday(
        _ folder: QueryLogFolder, _ shared: QueryLogShared, _ gzip: String, at now: Timestamp,
        _ mayGoOn: (Int64) -> Bool
    ) {
        for entry in folder.entries() where entry.name.date == now.date {
            // The present file grows while it is read; only what was there at the start counts.
            guard entry.name != shared.writing || entry.plainBytes != nil else { continue }
            let path =
                entry.plainBytes == nil ? folder.packed(entry.name) : folder.plain(entry.name)
            var reader = QueryLogReader()
            var lines: Int64 = 0
            var left = entry.plainBytes ?? .max
            // A failure is ignored: only the number of today's lines in `status` depends on it.
            try? reader.read(
                QueryLogReader.open(path, gzip: gzip, niceness: QueryLogPacker.niceness),
                mayGoOn: { mayGoOn(0) }
            ) { line in
                left -= line.count + 1
                if left >= 0, line.first != QueryLogSchema.hash { lines += 1 }
                return left > 0
            }
            shared.found(lines: lines, of: now.date)
        }
    }
}
