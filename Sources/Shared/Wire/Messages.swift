import Domain
import Platform

/// What passes between agent and collector besides summaries, lock sets and policies (docs/wire-format.md).
public enum Limits {
    /// The most bytes in the body of a push.
    public static let pushBytesMax = 4 << 20
    public static let policyBytesMax = 16 << 20
    /// Small enough that an agent can tell a restored collector the set it holds, one in each body of `POST /v1/held`.
    public static let lockSetBytesMax = pushBytesMax - 4096
    public static let requestBytesMax = 64 << 10
    /// How many seconds a request's token is valid.
    public static let tokenSeconds: Int64 = 60
    /// The longest long-poll in seconds.
    public static let waitSecondsMax: Int64 = 30
}

/// `POST /v1/enroll`, signed by the key that it brings (`typ` chot-enroll+jws).
public struct EnrolRequest: Codable, Sendable {
    public static let typ = "chot-enroll+jws"
    public let id: String
    public let secret: String
    public let jwk: JWK
    public let host: String
    public let version: String

    public init(id: String, secret: String, jwk: JWK, host: String, version: String) {
        self.id = id
        self.secret = secret
        self.jwk = jwk
        self.host = host
        self.version = version
    }
}

public struct EnrolAnswer: Codable, Sendable {
    public let agent: AgentID
    public let system: SystemCode
    public let collector: String
    public let epoch: Int64
    public let enrolledAt: Timestamp
    public let serverTime: Timestamp

    public init(
        agent: AgentID, system: SystemCode, collector: String, epoch: Int64,
        enrolledAt: Timestamp, serverTime: Timestamp
    ) {
        self.agent = agent
        self.system = system
        self.collector = collector
        self.epoch = epoch
        self.enrolledAt = enrolledAt
        self.serverTime = serverTime
    }

    enum CodingKeys: String, CodingKey {
        case agent, system, collector, epoch
        case enrolledAt = "enrolled_at"
        case serverTime = "server_time"
    }
}

/// The body of `POST /v1/epoch`.
public struct EpochRequest: Codable, Sendable {
    public let epoch: Int64
    public let lastSeq: Int64
    public let lastHash: String

    public init(epoch: Int64, lastSeq: Int64, lastHash: String) {
        self.epoch = epoch
        self.lastSeq = lastSeq
        self.lastHash = lastHash
    }

    enum CodingKeys: String, CodingKey {
        case epoch
        case lastSeq = "last_seq"
        case lastHash = "last_hash"
    }
}

public struct EpochAnswer: Codable, Sendable {
    public let epoch: Int64
    /// See `PushAnswer.last`.
    public let last: SummaryNumber?

    public init(epoch: Int64, last: SummaryNumber?) {
        self.epoch = epoch
        self.last = last
    }
}

/// Identifies one summary of an agent.
public struct SummaryNumber: Codable, Hashable, Sendable {
    public let epoch: Int64
    public let seq: Int64

    public init(epoch: Int64, seq: Int64) {
        self.epoch = epoch
        self.seq = seq
    }
}

extension Summary {
    public var number: SummaryNumber { SummaryNumber(epoch: epoch, seq: seq) }
}

/// The body of `POST /v1/sketches`: a sketch whose hash the summary of this number signed.
public struct SketchRequest: Codable, Sendable {
    public let agent: AgentID
    public let epoch: Int64
    public let seq: Int64
    /// `SystemSketch.text`
    public let sketch: String

    public init(agent: AgentID, epoch: Int64, seq: Int64, sketch: String) {
        self.agent = agent
        self.epoch = epoch
        self.seq = seq
        self.sketch = sketch
    }
}

public struct SketchAnswer: Codable, Sendable {
    public enum Status: String, Codable, Sendable {
        case stored
        /// The collector has a later one of the date.
        case superseded
    }

    public let status: Status

    public init(_ status: Status) { self.status = status }
}

/// The claims of a request's bearer token (RFC 7519), `typ` chot-auth+jwt.
public struct AuthClaims: Codable, Sendable {
    public static let typ = "chot-auth+jwt"
    public let sub: String
    public let aud: String
    /// Seconds since 1970.
    public let iat: Int64
    public let exp: Int64

    public init(sub: String, aud: String, iat: Int64, exp: Int64) {
        self.sub = sub
        self.aud = aud
        self.iat = iat
        self.exp = exp
    }
}

/// The answer to `POST /v1/summaries`.
public struct PushAnswer: Codable, Sendable {
    public enum Status: String, Codable, Sendable {
        case accepted, duplicate, retry, resync, refused
    }

    public struct Item: Codable, Sendable {
        public let seq: Int64
        public let status: Status
        public let problem: String?
        /// For a summary that is kept apart (`quarantined`): true when the same rows were counted under another
        /// number, so that nothing is missing; else nil.
        public let counted: Bool?

        public init(seq: Int64, status: Status, problem: String? = nil, counted: Bool? = nil) {
            self.seq = seq
            self.status = status
            self.problem = problem
            self.counted = counted
        }

        /// The `problem` of a summary that is kept and not counted.
        public static let quarantined = "quarantined"
        /// Whether the summary is kept but its rows were counted under no number, so that the totals lack them.
        public var isMissing: Bool { problem == Self.quarantined && counted != true }
    }

    /// How many queries the system's other agents have used, told where that passes half of the threshold.
    public struct Other: Codable, Sendable {
        public let rule: RuleID
        public let scope: Scope
        public let key: String
        public let count: Int64

        public init(rule: RuleID, scope: Scope, key: String, count: Int64) {
            self.rule = rule
            self.scope = scope
            self.key = key
            self.count = count
        }

        /// Whether adding own queries to the count cannot overflow.
        public var isPlausible: Bool { (0...(1 << 40)).contains(count) }
    }

    public var items: [Item]
    /// The epoch in which the collector expects `nextSeq`; nil from a collector of an earlier version.
    public var epoch: Int64?
    /// The last summary of the agent that the collector has; 0 and 0 when it has none. Summaries that were
    /// acknowledged after it are lost there, whatever epochs began since, because a backup was restored.
    public var last: SummaryNumber?
    public var nextSeq: Int64
    public var others: [Other]
    public var lockset: LockSetAnswer
    public var serverTime: Timestamp
    /// `Summary.returns` of the summary counted last, or nil. An agent that knows of fewer was restored.
    public var returns: Int64?

    public init(
        items: [Item], epoch: Int64?, last: SummaryNumber?, nextSeq: Int64, others: [Other],
        lockset: LockSetAnswer, serverTime: Timestamp
    ) {
        self.items = items
        self.epoch = epoch
        self.last = last
        self.nextSeq = nextSeq
        self.others = others
        self.lockset = lockset
        self.serverTime = serverTime
    }

    enum CodingKeys: String, CodingKey {
        case items, epoch, last, others, lockset, returns
        case nextSeq = "next_seq"
        case serverTime = "server_time"
    }
}

/// The answer to `GET /v1/lockset`: the compact JWSs that changed, and the policy's version.
public struct LockSetAnswer: Codable, Sendable {
    public var nation: String?
    public var system: String?
    public var policyVersion: Version?
    /// Set by a restored collector: before it sends its sets it wants those that the agent holds (`POST /v1/held`).
    public var setsWanted: Bool?

    public init(nation: String? = nil, system: String? = nil, policyVersion: Version? = nil) {
        self.nation = nation
        self.system = system
        self.policyVersion = policyVersion
    }

    enum CodingKeys: String, CodingKey {
        case nation, system
        case policyVersion = "policy_version"
        case setsWanted = "sets_wanted"
    }
}

/// The body of `POST /v1/held`: the lock sets that an agent holds, as they were signed.
public struct HeldSets: Codable, Sendable {
    public let nation: String?
    public let system: String?

    public init(nation: String?, system: String?) {
        self.nation = nation
        self.system = system
    }
}

public struct HeldAnswer: Codable, Sendable {
    /// The audiences whose set was taken or was known already.
    public let taken: [String]

    public init(taken: [String]) { self.taken = taken }
}

/// An error answer over HTTP (RFC 9457).
public struct HTTPProblem: Codable, Error, Sendable {
    public let type: String
    public let title: String
    public let status: Int
    public let detail: String
    /// The collector's time, present on `clock-skew`.
    public var serverTime: Timestamp?

    /// `kind` is the last part of the type, such as `clock-skew`.
    public init(
        _ kind: String, status: Int, title: String, detail: String,
        serverTime: Timestamp? = nil
    ) {
        type = "urn:chot:problem:\(kind)"
        self.title = title
        self.status = status
        self.detail = detail
        self.serverTime = serverTime
    }

    public var kind: String { String(type.split(separator: ":").last ?? "") }

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail
        case serverTime = "server_time"
    }
}
