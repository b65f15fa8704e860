/// One outgoing request to the NPD, as the agent sees it. The subject is never kept here.
public struct Query: Hashable, Sendable {
    public var login: Login
    public var service: ServiceName
    /// Where it came from, empty when not told.
    public var source: String
    public var at: Timestamp

    public init(login: Login, service: ServiceName, source: String, at: Timestamp) {
        self.login = login
        self.service = service
        self.source = source
        self.at = at
    }
}

/// Why a query was refused, in counts and on the wire.
public enum DenialReason: UInt8, CaseIterable, Codable, Sendable {
    case lock, r1, r8Account, r8Service, malformed

    /// The name in a summary's `denied` object.
    public var wireName: String {
        switch self {
        case .lock: "lock"
        case .r1: "R1"
        case .r8Account: "R8.account"
        case .r8Service: "R8.service"
        case .malformed: "malformed"
        }
    }
}

/// What becomes of a query.
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

    public init(verdict: Verdict, reason: DenialReason, code: String, message: Localized) {
        self.verdict = verdict
        self.reason = reason
        self.code = code
        self.message = message
    }
}
