/// One outgoing request to the NPD, as the agent sees it. It never holds the subject.
public struct Query: Hashable, Sendable {
    public var login: Login
    public var service: ServiceName
    /// The source address; empty when it was not told.
    public var source: String
    public var at: Timestamp
    /// The officer named in the query (`MaCanBo`), as HMAC under the system's key; nil when none is named.
    public var officer: String?

    public init(
        login: Login, service: ServiceName, source: String, at: Timestamp, officer: String? = nil
    ) {
        self.login = login
        self.service = service
        self.source = source
        self.at = at
        self.officer = officer
    }
}

/// Why a query was refused, in counts and on the wire. Raw values stand in ledger files, so none may be reused.
public enum DenialReason: UInt8, CaseIterable, Codable, Sendable {
    case lock = 0
    case r1 = 1
    case r8Account = 2
    case r8Service = 3
    case malformed = 4
    case r2 = 5
    case r3 = 6
    /// The system passed 1,000 queries in one off window.
    case r3Cap = 7
    /// The service is not registered for off hours.
    case r8Off = 8
    case r9Account = 9
    case r9Source = 10
    case challenge = 11
    /// The agent is in `offline.mode: closed`, and the grace is over.
    case offline = 12
    /// The query names another officer than the registered one; this is only ever noted.
    case r10 = 13
    /// The query belongs to none of the systems behind the agent; it is counted in the first one's stream.
    case unmatched = 14

    /// The name in a summary's `denied` and `would` objects.
    public var wireName: String {
        switch self {
        case .lock: "lock"
        case .r1: "R1"
        case .r2: "R2"
        case .r3: "R3"
        case .r3Cap: "R3.cap"
        case .r8Account: "R8.account"
        case .r8Service: "R8.service"
        case .r8Off: "R8.off"
        case .r9Account: "R9.account"
        case .r9Source: "R9.ip"
        case .r10: "R10"
        case .challenge: "challenge"
        case .offline: "offline"
        case .malformed: "malformed"
        case .unmatched: "unmatched"
        }
    }
}

/// The decision on a query.
public enum Verdict: String, Codable, Sendable {
    case allow, throttle, challenge, deny
}

/// A refusal, with the value of `X-Chot-Reason` and the sentence in both languages.
public struct Refusal: Hashable, Sendable {
    public let verdict: Verdict
    public let reason: DenialReason
    /// A rule id or a lock id.
    public let code: String
    public let message: Localized
    /// After how many seconds a throttled query may be tried again.
    public let retryAfterSeconds: Int64?

    public init(
        verdict: Verdict, reason: DenialReason, code: String, message: Localized,
        retryAfterSeconds: Int64? = nil
    ) {
        self.verdict = verdict
        self.reason = reason
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }
}
