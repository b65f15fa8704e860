/// An instruction that agents enforce, as it travels in a lock set.
public struct Lock: Hashable, Codable, Sendable {
    /// An id such as `L-2026-000001`.
    public let id: String
    public let scope: Scope
    /// A rule id, or `staff`.
    public let reason: String
    /// The refusal shown to clerks, both languages.
    public let message: Localized
    public let issuedAt: Timestamp
    /// Nil when the lock holds until it is released.
    public let expiresAt: Timestamp?
    /// For R1–R3 the day or window; `k` is the breach that locked. A restored collector needs both.
    public let key: String?
    public let k: Int?

    public init(
        id: String, scope: Scope, reason: String, message: Localized, issuedAt: Timestamp,
        expiresAt: Timestamp?, key: String? = nil, k: Int? = nil
    ) {
        self.id = id
        self.scope = scope
        self.reason = reason
        self.message = message
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.key = key
        self.k = k
    }

    enum CodingKeys: String, CodingKey {
        case id, scope, reason, message, key, k
        case issuedAt = "issued_at"
        case expiresAt = "expires_at"
    }

    public func isInForce(at time: Timestamp) -> Bool { expiresAt.map { time < $0 } ?? true }
}

/// The life of a lock in the lock book.
public enum LockState: String, Codable, CaseIterable, Sendable {
    case proposed, active, released, expired, rejected
}

/// The receivers of a lock set: every agent, or the agents of one system.
public enum Audience: Hashable, Sendable, CustomStringConvertible {
    case nation
    case system(SystemCode)

    public init?(_ text: String) {
        if text == "nation" { self = .nation; return }
        guard let system = SystemCode(text) else { return nil }
        self = .system(system)
    }

    public var description: String {
        switch self {
        case .nation: "nation"
        case .system(let system): system.rawValue
        }
    }
}

/// The locks and waivers of one audience, signed and versioned as a whole (docs/wire-format.md#locks-and-policy).
public struct LockSet: Hashable, Codable, Sendable {
    public static let typ = "chot-lockset+jws"

    public var v = 1
    /// `nation` or a system code.
    public var audience: String
    public var version: Version
    public var issuedAt: Timestamp
    public var locks: [Lock]
    public var waivers: [Waiver]
    /// The state of the audit log; only in the nation's set.
    public var audit: AuditDigest?

    public init(
        audience: Audience, version: Version, issuedAt: Timestamp, locks: [Lock],
        waivers: [Waiver]
    ) {
        self.audience = audience.description
        self.version = version
        self.issuedAt = issuedAt
        self.locks = locks
        self.waivers = waivers
    }

    enum CodingKeys: String, CodingKey {
        case v, audience, version, locks, waivers, audit
        case issuedAt = "issued_at"
    }
}
