import Domain
import Platform
import Synchronization

/// The logs that an agent follows. One thread polls them about 5 times a second; any thread may ask for `status`.
///
/// `count(into:)` counts lines into a checkpoint; `LogThread` calls it all the time.
///
/// `@unchecked Sendable`: only the polling thread touches `followers` and `kept`; the rest is behind a mutex.
final class FollowedLogs: @unchecked Sendable {
    /// What `status` tells of one log.
    struct Status: Codable, Equatable, Sendable {
        enum State: String, Codable, Sendable { case reading, missing, trouble }
        let path: String
        let kind: LogSource.Kind
        let state: State
        let trouble: String?
        /// Lines since the start.
        let lines: Int64
        /// Lines of queries that the proxy answered itself and that are not counted.
        let unforwarded: Int64
        let bad: Int64
        let samples: [BadLines.Sample]
        /// Bytes that were not read yet.
        let behind: Int64
        let lastLine: ReportTime?
        /// The last few gaps; `gapsTotal` counts all since the start.
        let gaps: [String]
        let gapsTotal: Int64

        enum CodingKeys: String, CodingKey {
            case path, kind, state, trouble, lines, unforwarded, bad, samples, behind, gaps
            case lastLine = "last_line"
            case gapsTotal = "gaps_total"
        }
    }

    private let followers: [(source: LogSource, follower: LogFollower)]
    /// The cursors that the caller has kept, by path.
    private var kept: [String: LogCursor]
    private let told: Mutex<[Status]>
    /// Why lines cannot be counted now; nil when they can.
    private let counting = Mutex<String?>(nil)
    /// Milliseconds on a clock that only goes forward.
    let clock: () -> Int64

    /// `cursors` are given by path. A log without one is read from its end, since what it holds was written before
    /// the agent's time; the gateway's own log is read from its beginning.
    init(
        _ sources: [LogSource], cursors: [String: LogCursor],
        clock: @escaping () -> Int64 = MonotonicClock.milliseconds
    ) throws(LogFormatError) {
        self.clock = clock
        var followers: [(LogSource, LogFollower)] = []
        for source in sources {
            followers.append(
                (
                    source,
                    try LogFollower(
                        path: source.path, format: source.format, account: source.account,
                        service: source.service, resumingAt: cursors[source.path],
                        unforwarded: source.unforwarded,
                        firstLook: source.kind == .passed ? .beginning : .end, clock: clock)
                ))
        }
        self.followers = followers
        kept = cursors
        told = Mutex(followers.map { Self.status($0, $1) })
    }

    /// Hands over what is new in every log. When `line` throws, that line comes again, and the others of this poll
    /// come with the next. `lost` is called before the lines behind the loss.
    func poll(
        lost: (LogLoss) -> Void = { _ in },
        _ line: (LogSource, LogLine, LogCursor) throws -> Void
    ) throws {
        defer { tell() }
        for (source, follower) in followers {
            func tellLost() {
                guard !follower.notes.untold.isEmpty else { return }
                for loss in follower.notes.takeUntold() { lost(loss) }
            }
            defer {
                tellLost()
                if follower.notes.trouble != nil { lost(.away) }
            }
            try follower.poll {
                tellLost()
                try line(source, $0, $1)
            }
        }
    }

    /// The cursors by path. Only the polling thread may ask.
    var cursors: [String: LogCursor] {
        followers.reduce(into: [:]) { $0[$1.source.path] = $1.follower.cursor }
    }

    func keep(_ cursor: LogCursor, of source: LogSource) { kept[source.path] = cursor }

    /// The logs whose place moved without a line: after a first look, past bad lines, or into a new file.
    func movedOnly() -> [(LogSource, LogCursor)] {
        followers.compactMap { source, follower in
            guard let cursor = follower.cursor, cursor != kept[source.path] else { return nil }
            return (source, cursor)
        }
    }

    var status: [Status] { told.withLock { $0 } }

    /// Why lines that were read are not counted; nil when none waits.
    var countingTrouble: String? { counting.withLock { $0 } }

    func setCountingTrouble(_ text: String?) { counting.withLock { $0 = text } }

    private func tell() {
        let now = followers.map { Self.status($0, $1) }
        told.withLock { $0 = now }
    }

    private static func status(_ source: LogSource, _ follower: LogFollower) -> Status {
        let notes = follower.notes
        let state: Status.State =
            notes.trouble != nil ? .trouble : follower.file == nil ? .missing : .reading
        return Status(
            path: source.path, kind: source.kind, state: state, trouble: notes.trouble,
            lines: notes.lines, unforwarded: notes.unforwarded, bad: notes.bad.count,
            samples: notes.bad.samples, behind: follower.behind,
            lastLine: notes.lastLine.map(ReportTime.init), gaps: notes.gaps,
            gapsTotal: notes.gapsTotal)
    }
}
