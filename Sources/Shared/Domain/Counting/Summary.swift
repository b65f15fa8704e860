/// Bảng kê lượt truy vấn: what an agent signs and pushes for one interval (docs/wire-format.md#push). Times are in
/// milliseconds since 1970 UTC.
public struct Summary: Hashable, Codable, Sendable {
    public static let typ = "chot-summary+jws"
    /// The most bytes of the compact JWS.
    public static let bytesMax = 256 * 1024

    /// The place of a summary among the parts of a seal that was larger than one summary.
    public struct Part: Hashable, Codable, Sendable {
        public let n: Int
        public let of: Int

        public init(n: Int, of: Int) {
            self.n = n
            self.of = of
        }

        public var isLast: Bool { n == of }
    }

    /// Time before this interval during which the agent did not run.
    public struct Downtime: Hashable, Codable, Sendable {
        public enum Outcome: String, Codable, Sendable {
            /// The gateway refused, so nothing passed uncounted. Only this outcome counts as complete.
            case refused
            case passed, unknown
        }

        public let from: Timestamp
        public let to: Timestamp
        public let outcome: Outcome

        public init(from: Timestamp, to: Timestamp, outcome: Outcome) {
            self.from = from
            self.to = to
            self.outcome = outcome
        }
    }

    /// The lock sets and the policy that the agent enforces.
    public struct Held: Hashable, Codable, Sendable {
        public var nation: HeldVersion?
        public var system: HeldVersion?
        public var policy: Version?

        public init(nation: HeldVersion? = nil, system: HeldVersion? = nil, policy: Version? = nil)
        {
            self.nation = nation
            self.system = system
            self.policy = policy
        }
    }

    public var v = 1
    public var agent: AgentID
    public var system: SystemCode
    public var epoch: Int64
    public var seq: Int64
    public var part: Part
    /// base64url SHA-256 of the previous compact JWS of this epoch; empty for seq 1.
    public var prev: String
    public var from: Timestamp
    public var to: Timestamp
    /// The usual time between two summaries (`push.every`), so that the collector knows when one is late.
    public var everyMilliseconds: Int64
    /// The collector's clock minus the agent's, when known.
    public var clockOffsetMilliseconds: Int64?
    /// How often the agent's time was set back, by more than a clock's inaccuracy, before this interval; nil means
    /// never. When the number rises, `from` lies before the end of what was told, and still nothing is told twice.
    public var returns: Int64?
    public var held: Held
    public var downtime: Downtime?
    /// What the agent could not keep apart or lost, by kind: `folded` rows, `torn` records, `features` of queries
    /// folded together, `sketch`: queries without a key of the day, `refused`: queries in summaries that the collector
    /// refused.
    public var dropped: [String: Int64]
    /// Lock sets and policies that the agent refused since the last summary, by reason: `stale`, `signature`, …
    public var refusedSets: [String: Int64]
    public var breaches: [Breach]
    /// What each lock refused, for the lock's history; the counts themselves stand in the rows.
    public var refusals: [LockRefusals] = []
    /// A bypass that began in this interval.
    public var bypass: BypassNote?
    public var rows: [SummaryRow]
    /// Features of active accounts, one entry for each login and hour, in the part that has the login's rows.
    public var features: [AccountFeatures] = []
    /// base64url SHA-256 of the text of the day's sketch so far; the sketch itself is sent separately (`SystemSketch`).
    public var sketchHash: String?

    public init(
        agent: AgentID, system: SystemCode, epoch: Int64, seq: Int64, part: Part,
        prev: String, from: Timestamp, to: Timestamp, everyMilliseconds: Int64,
        clockOffsetMilliseconds: Int64?, held: Held, downtime: Downtime?,
        dropped: [String: Int64], refusedSets: [String: Int64], breaches: [Breach],
        rows: [SummaryRow]
    ) {
        self.agent = agent
        self.system = system
        self.epoch = epoch
        self.seq = seq
        self.part = part
        self.prev = prev
        self.from = from
        self.to = to
        self.everyMilliseconds = everyMilliseconds
        self.clockOffsetMilliseconds = clockOffsetMilliseconds
        self.held = held
        self.downtime = downtime
        self.dropped = dropped
        self.refusedSets = refusedSets
        self.breaches = breaches
        self.rows = rows
    }

    enum CodingKeys: String, CodingKey {
        case v, agent, system, epoch, seq, part, prev, from, to, held, downtime, dropped
        case returns
        case everyMilliseconds = "every_ms"
        case clockOffsetMilliseconds = "clock_offset_ms"
        case refusedSets = "refused_sets"
        case breaches, refusals, bypass, rows, features
        case sketchHash = "sketch_sha256"
    }
}

/// How often a lock refused in an interval, and when it did so first.
public struct LockRefusals: Hashable, Codable, Sendable {
    public let lock: String
    public var first: Timestamp
    public var count: Int64

    public init(lock: String, first: Timestamp, count: Int64) {
        self.lock = lock
        self.first = first
        self.count = count
    }
}

/// An interval that is sealed and not yet signed. It waits in the outbox until it gets its number.
public struct Interval: Hashable, Codable, Sendable {
    public var from: Timestamp
    public var to: Timestamp
    public var downtime: Summary.Downtime?
    public var dropped: [String: Int64]
    public var breaches: [Breach]
    public var refusals: [LockRefusals] = []
    /// A bypass that began in this interval.
    public var bypass: BypassNote?
    public var rows: [SummaryRow]
    /// Features with their sketches, so that intervals can be merged.
    public var features = FeatureLines()
    /// See `Summary.sketchHash`.
    public var sketchHash: String?
    /// Whether it was signed under a former epoch. It may have been counted without the agent knowing, so it is told
    /// again alone: merged with another, it would be an overlap that takes the other along.
    public var wasSigned = false
    /// See `Summary.returns`.
    public var returns: Int64?
    /// Which part of a seal this is, if the seal was signed in parts; nil when it is whole. It stays that part, so
    /// that a seal of which some parts were counted is completed.
    public var part: Summary.Part?

    public init(
        from: Timestamp, to: Timestamp, downtime: Summary.Downtime? = nil,
        dropped: [String: Int64] = [:], breaches: [Breach] = [], rows: [SummaryRow] = []
    ) {
        self.from = from
        self.to = to
        self.downtime = downtime
        self.dropped = dropped
        self.breaches = breaches
        self.rows = rows
    }

    /// Whether `next` may be told in one summary with this interval: it follows without a gap, in the same clock hour
    /// and the same run of the agent (docs/wire-format.md#push). The outbox bounds the size of the result.
    public func mayCoalesce(with next: Interval) -> Bool {
        next.from == to && next.downtime == nil && next.returns == returns && !wasSigned
            && !next.wasSigned
            && from.hourStart == next.from.hourStart
            && (bypass == nil || next.bypass == nil)
            && features.hasSketches && next.features.hasSketches
    }

    /// Lượt truy vấn in all rows, whatever their outcome.
    public var queries: Int64 {
        rows.reduce(0) { $0.adding($1.queries) }
    }

    /// Adds an interval for which `mayCoalesce(with:)` was true.
    public mutating func coalesce(_ next: Interval) {
        to = next.to
        dropped.merge(next.dropped) { $0.adding($1) }
        breaches += next.breaches
        if bypass == nil { bypass = next.bypass }
        features.merge(next.features)
        // The later sketch of a day contains the earlier.
        sketchHash = next.sketchHash ?? sketchHash
        for more in next.refusals {
            if let place = refusals.firstIndex(where: { $0.lock == more.lock }) {
                refusals[place].count = refusals[place].count.adding(more.count)
                refusals[place].first = min(refusals[place].first, more.first)
            } else {
                refusals.append(more)
            }
        }
        rows.merge(next.rows)
    }
}

/// The fields that identify a row of a summary.
private struct RowKey: Hashable {
    let login: Login, service: ServiceName, hour: Timestamp, window: WindowKind

    init(_ row: SummaryRow) {
        (login, service, hour, window) = (row.login, row.service, row.hour, row.window)
    }
}

extension [SummaryRow] {
    /// Adds rows, merging those of one name, hour and window.
    public mutating func merge(_ next: [SummaryRow]) {
        var places: [RowKey: Int] = [:]
        places.reserveCapacity(count + next.count)
        for (index, row) in enumerated() { places[RowKey(row)] = index }
        for row in next {
            if let place = places[RowKey(row)] {
                self[place].add(row)
            } else {
                places[RowKey(row)] = count
                append(row)
            }
        }
    }
}
