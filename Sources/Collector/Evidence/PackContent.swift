import CollectorDelivery
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Signed by the collector, it says which list of digests is the pack's own.
struct PackManifest: Codable, Hashable {
    package static let typ = "chot-pack+jws"

    package var v = 1
    package var lock: String
    package var collector: String
    package var madeAt: Timestamp
    var madeBy: String
    /// Lower-case hexadecimal SHA-256 of the file SHA256SUMS.
    package var sums: String
    package var files: Int

    package enum CodingKeys: String, CodingKey {
        case v, lock, collector, sums, files
        case madeAt = "made_at"
        case madeBy = "made_by"
    }
}

/// A lock and what became of it. Times in packs are milliseconds since 1970 UTC, as in summaries.
package struct PackedLock: Codable, Equatable {
    package struct Delivery: Codable, Hashable {
        package var agent: AgentID
        package var at: Timestamp
        /// How long after the lock came into force the agent held it.
        var latencyMilliseconds: Int64

        package init(
            agent: AgentID, at: Timestamp, latencyMilliseconds: Int64
        ) {
            self.agent = agent
            self.at = at
            self.latencyMilliseconds = latencyMilliseconds
        }

        package enum CodingKeys: String, CodingKey {
            case agent, at
            case latencyMilliseconds = "latency_ms"
        }
    }

    package var id: String
    package var scope: Scope
    package var reason: String
    package var note: String
    package var basis: String
    package var message: Localized
    package var state: LockState
    package var key: String?
    package var k: Int?
    package var confidence: Double
    package var issuedBy: String
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp?
    package var approvedBy: String?
    package var approvedAt: Timestamp?
    package var endedBy: String?
    package var endedAt: Timestamp?
    package var endNote: String?
    package var outcome: String?
    package var replaces: String?
    package var setVersion: Version?
    package var refused: Int64
    package var firstRefusal: Timestamp?
    package var figures: JSONValue
    package var evidence: [EvidenceReference]
    package var deliveries: [Delivery]

    package enum CodingKeys: String, CodingKey {
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

    package init(_ lock: LockRecord, _ deliveries: [(agent: AgentID, at: Timestamp)]) throws {
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

/// Where a line of `summaries.jws` comes from; both files have the same order.
package struct PackedSummary: Codable, Hashable {
    package var agent: AgentID
    package var epoch: Int64
    package var seq: Int64
    package var hash: String
    /// `counted` or `quarantined`.
    package var state: String
    package var receivedAt: Timestamp
    /// Whether the lock or its alerts cite it.
    package var isCited: Bool

    package enum CodingKeys: String, CodingKey {
        case agent, epoch, seq, hash, state
        case receivedAt = "received_at"
        case isCited = "cited"
    }
}

/// An agent and its key. Revoked keys are included.
package struct PackedAgent: Codable, Hashable {
    package var agent: AgentID
    package var system: SystemCode
    package var kid: String
    package var jwk: JWK
    package var enrolledAt: Timestamp
    package var revokedAt: Timestamp?
    package var coveredTo: Timestamp
    package var skewMilliseconds: Int64?

    package enum CodingKeys: String, CodingKey {
        case agent, system, kid, jwk
        case enrolledAt = "enrolled_at"
        case revokedAt = "revoked_at"
        case coveredTo = "covered_to"
        case skewMilliseconds = "skew_ms"
    }
}

/// An entry of the audit log, and the hash of the entry before it.
package struct PackedAuditEntry: Codable, Hashable {
    package var number: Int64
    package var at: Timestamp
    package var who: String
    package var action: String
    package var subject: String
    package var reason: String
    package var previous: String
    package var hash: String

    package var record: Records.AuditRecord {
        .init(
            number: number, at: at, who: who, action: action, subject: subject, reason: reason,
            hash: hash)
    }
}

/// What else was found or decided about the same scope, including rejected proposals.
package struct PackedRelated: Codable, Equatable {
    /// The alerts that the lock was made for.
    package var own: [JSONValue]
    package var alerts: [JSONValue]
    package var locks: [PackedLock]
}
