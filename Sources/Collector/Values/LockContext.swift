import Domain
import Platform
import Wire

/// What a lock was decided by, kept in its own transaction: tables tell only what holds now.
struct LockContext: Codable, Hashable {
    /// Of a lock on many systems (a unit), as many are told of.
    static let systemsMax = 200

    /// One system that the lock concerns, as it stood.
    struct System: Codable, Hashable {
        var system: SystemCode
        /// The policy that its agents were to hold.
        var policy: PolicyPoint?
        /// Calendar, rule settings, allowances, notices, exemption and emergency, as judged by; no lists of accounts and
        /// services.
        var terms: Policy
        var waivers: [Waiver]
        var agents: [Agent]
    }

    struct Agent: Codable, Hashable {
        var agent: AgentID
        var kid: String
        var isRevoked: Bool
        var epoch: Int64
        var seq: Int64
        /// As `agent list` tells it: how far its clock was from the collector's; nil: not known.
        var skewMilliseconds: Int64?

        enum CodingKeys: String, CodingKey {
            case agent, kid, epoch, seq
            case isRevoked = "revoked"
            case skewMilliseconds = "skew_ms"
        }
    }

    /// What a rule's number was: R1–R3.
    struct Volume: Codable, Hashable {
        var rule: RuleID
        var scope: Scope
        var key: String
        /// The breach that locked.
        var k: Int
        /// The number judged by: of the form, with what allowances and notices add.
        var threshold: Int64
        /// The number of the form alone; of the cap: the rule's.
        var registered: Int64
        var from: Timestamp
        var until: Timestamp
    }

    /// X1: the accounts registered for one person.
    struct Person: Codable, Hashable {
        var accounts: [String]
        var withinMilliseconds: Int64

        enum CodingKeys: String, CodingKey {
            case accounts
            case withinMilliseconds = "within_ms"
        }
    }

    /// The last entry of the audit log that changed the registry.
    struct Registry: Codable, Hashable {
        var number: Int64
        var at: Timestamp
        var hash: String
    }

    var v = 1
    var at: Timestamp
    var systems: [System]
    /// How many more the lock concerns.
    var more: Int
    var volume: Volume?
    var person: Person?
    var registry: Registry?
}
