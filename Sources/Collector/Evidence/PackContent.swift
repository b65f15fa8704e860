import Domain
import Platform
import Wire

/// Signed by the collector: which list of digests is its own.
struct PackManifest: Codable, Hashable {
    static let typ = "chot-pack+jws"

    var v = 1
    var lock: String
    var collector: String
    var madeAt: Timestamp
    var madeBy: String
    /// Lower-case hexadecimal SHA-256 of the file SHA256SUMS.
    var sums: String
    var files: Int

    enum CodingKeys: String, CodingKey {
        case v, lock, collector, sums, files
        case madeAt = "made_at"
        case madeBy = "made_by"
    }
}

/// A lock and what became of it. Times in packs are milliseconds since 1970 UTC, as in summaries.
struct PackedLock: Codable, Equatable {
    struct Delivery: Codable, Hashable {
        var agent: AgentID
        var at: Timestamp
        /// From when the lock was in force.
        var latencyMilliseconds: Int64

        enum CodingKeys: String, CodingKey {
            case agent, at
            case latencyMilliseconds = "latency_ms"
        }
    }

    var id: String
    var scope: Scope
    var reason: String
    var note: String
    var basis: String
    var message: Localized
    var state: LockState
    var key: String?
    var k: Int?
    var confidence: Double
    var issuedBy: String
    var issuedAt: Timestamp
    var expiresAt: Timestamp?
    var approvedBy: String?
    var approvedAt: Timestamp?
    var endedBy: String?
    var endedAt: Timestamp?
    var endNote: String?
    var outcome: String?
    var replaces: String?
    var setVersion: Version?
    var refused: Int64
    var firstRefusal: Timestamp?
    var figures: JSONValue
    var evidence: [EvidenceReference]
    var deliveries: [Delivery]

    enum CodingKeys: String, CodingKey {
        case id, scope, reason, note, basis, message, state, key, k, confidence, outcome, replaces
        case refused, figures, evidence, deliveries
        case issuedBy = "issued_by"
        case issuedAt = "issued_at"
        case expiresAt = "expires_at"
        case approvedBy = "approved_by"
        case approvedAt = "approved_at"
        case endedBy = "ended_by"
        case endedAt = "ended_at"
        case endNote = "end_note"
        case setVersion = "set_version"
        case firstRefusal = "first_refusal"
    }

    init(_ lock: LockRecord, _ deliveries: [(agent: AgentID, at: Timestamp)]) throws {
        id = lock.id
        scope = lock.scope
        reason = lock.reason
        note = lock.note
        basis = lock.basis
        message = lock.message
        state = lock.state
        key = lock.key
        k = lock.k
        confidence = lock.confidence
        issuedBy = lock.issuedBy
        issuedAt = lock.issuedAt
        expiresAt = lock.expiresAt
        approvedBy = lock.approvedBy
        approvedAt = lock.approvedAt
        endedBy = lock.endedBy
        endedAt = lock.endedAt
        endNote = lock.endNote
        outcome = lock.outcome
        replaces = lock.replaces
        setVersion = lock.setVersion
        refused = lock.refused
        firstRefusal = lock.firstRefusal
        figures = try decodeJSON(JSONValue.self, [UInt8](lock.figures.utf8))
        evidence = try decodeJSON([EvidenceReference].self, [UInt8](lock.evidence.utf8))
        let inForce = lock.approvedAt ?? lock.issuedAt
        self.deliveries = deliveries.map {
            .init(
                agent: $0.agent, at: $0.at,
                latencyMilliseconds: $0.at.milliseconds - inForce.milliseconds)
        }
    }
}

/// Where a line of `summaries.jws` comes from; in the same order.
struct PackedSummary: Codable, Hashable {
    var agent: AgentID
    var epoch: Int64
    var seq: Int64
    var hash: String
    /// `counted` or `quarantined`.
    var state: String
    var receivedAt: Timestamp
    /// Whether the lock or its alerts cite it.
    var isCited: Bool

    enum CodingKeys: String, CodingKey {
        case agent, epoch, seq, hash, state
        case receivedAt = "received_at"
        case isCited = "cited"
    }
}

/// An agent and its key; a key that was revoked stays known.
struct PackedAgent: Codable, Hashable {
    var agent: AgentID
    var system: SystemCode
    var kid: String
    var jwk: JWK
    var enrolledAt: Timestamp
    var revokedAt: Timestamp?
    var coveredTo: Timestamp
    var skewMilliseconds: Int64?

    enum CodingKeys: String, CodingKey {
        case agent, system, kid, jwk
        case enrolledAt = "enrolled_at"
        case revokedAt = "revoked_at"
        case coveredTo = "covered_to"
        case skewMilliseconds = "skew_ms"
    }
}

/// An entry of the audit log and the hash of the one before it.
struct PackedAuditEntry: Codable, Hashable {
    var number: Int64
    var at: Timestamp
    var who: String
    var action: String
    var subject: String
    var reason: String
    var previous: String
    var hash: String

    var record: Records.AuditRecord {
        .init(
            number: number, at: at, who: who, action: action, subject: subject, reason: reason,
            hash: hash)
    }
}

/// What else was found or decided about the same scope, rejected proposals among it.
struct PackedRelated: Codable, Equatable {
    /// The alerts that the lock was made for.
    var own: [JSONValue]
    var alerts: [JSONValue]
    var locks: [PackedLock]
}
