import Domain
import Platform
import Synchronization

extension FollowedLogs {
    /// The logs of a configuration, gone on with where the ledger stands; nil: there are none.
    static func make(_ config: AgentConfig, _ checkpoint: Checkpoint) throws -> FollowedLogs? {
        var sources = config.logs
        // Also when "pass" was taken back: what passed before that counts.
        if config.gateway?.onAgentDown == .pass
            || Files.exists(LogSource.passedPath(state: config.state))
        {
            sources.append(try LogSource.passed(state: config.state))
        }
        // Places of logs that are followed no more are free for others.
        checkpoint.forgetCursors(besides: Set(sources.map(\.name)))
        guard !sources.isEmpty else { return nil }
        var cursors: [String: LogCursor] = [:]
        for source in sources {
            cursors[source.path] = checkpoint.cursor(of: source.name).map { LogCursor($0) }
        }
        return try FollowedLogs(sources, cursors: cursors)
    }

    /// Counts what is new in the logs; each count and the cursor behind its line are kept in one step. Throws
    /// when a line cannot be counted now (a full disk): it comes again.
    func count(into checkpoint: Checkpoint) throws {
        struct CannotCount: Error, CustomStringConvertible {
            let description =
                "a line of a log cannot be counted: the ledger is full and cannot be cut; it is tried again"
        }
        checkpoint.forgetPassed(at: clock())
        try poll(lost: checkpoint.note) { source, line, cursor in
            let place = Checkpoint.Place(log: source.name, cursor: cursor.kept)
            let isCounted =
                switch source.kind {
                case .passed:
                    checkpoint.countPassed(
                        RequestID(line.requestID), at: line.at, place, monotonic: clock())
                case .queries:
                    checkpoint.countFollowed(
                        Query(
                            login: line.login, service: line.service, source: line.source,
                            at: line.at), at: place)
                }
            guard isCounted else { throw CannotCount() }
            keep(cursor, of: source)
        }
        for (source, cursor) in movedOnly() {
            let place = Checkpoint.Place(log: source.name, cursor: cursor.kept)
            guard checkpoint.skip(to: place) else { throw CannotCount() }
            keep(cursor, of: source)
        }
    }
}

/// The thread that follows the logs of one system, about five times a second.
final class LogThread: Sendable {
    static let everyMilliseconds: Int64 = 200

    private let thread: RunningThread
    private let stopping: StopFlag

    private final class StopFlag: Sendable {
        let wake = WakeEvent()
        let isSet = Atomic<Bool>(false)
    }

    init(_ logs: FollowedLogs, into checkpoint: Checkpoint, metrics: Metrics) {
        let flag = StopFlag()
        stopping = flag
        thread = RunningThread(name: "logs") {
            var isTold = false
            while true {
                // Looked at once more after the stop: what was answered until then is in the last interval.
                let isLast = flag.isSet.load(ordering: .sequentiallyConsistent)
                do {
                    try logs.count(into: checkpoint)
                    logs.setCountingTrouble(nil)
                    isTold = false
                } catch {
                    logs.setCountingTrouble("\(error)")
                    if !isTold {
                        metrics.add("chot_agent_storage_errors_total")
                        Log.error("\(error)", ["log": "\(logs.status.map(\.path))"])
                    }
                    isTold = true
                }
                if isLast { return }
                flag.wake.wait(milliseconds: Self.everyMilliseconds)
            }
        }
    }

    /// Before the last interval is cut.
    func stop() {
        stopping.isSet.store(true, ordering: .sequentiallyConsistent)
        stopping.wake.signal()
        thread.join()
    }
}
