import Domain
import Platform
import Synchronization

extension FollowedLogs {
    /// Makes the followed logs of a configuration, continuing at the ledger's places; nil when there are none.
    static func make(_ config: AgentConfig, _ checkpoint: Checkpoint) throws -> FollowedLogs? {
        var sources = config.logs
        // The log is followed even when "pass" was taken back, since what passed before that counts.
        if config.gateway?.onAgentDown == .pass
            || Files.exists(LogSource.passedPath(state: config.state))
        {
            sources.append(try LogSource.passed(state: config.state))
        }
        // This frees the places of logs that are no longer followed.
        checkpoint.forgetCursors(besides: Set(sources.map(\.name)))
        guard !sources.isEmpty else { return nil }
        var cursors: [String: LogCursor] = [:]
        for source in sources {
            cursors[source.path] = checkpoint.cursor(of: source.name).map { LogCursor($0) }
        }
        return try FollowedLogs(sources, cursors: cursors)
    }

    /// Counts what is new in the logs; each count and the cursor behind its line are kept in one step. Throws when a
    /// line cannot be counted now (a full disk); that line comes again.
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
