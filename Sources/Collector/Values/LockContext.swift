import Domain
import Platform
import Wire

/// What a lock was decided by, kept in its own transaction: tables tell only what holds now.
package struct LockContext: Codable, Hashable {
    /// Of a lock on many systems (a unit), as many are told of.
    package static let systemsMax = 200

    /// One system that the lock concerns, as it stood.
    package struct System: Codable, Hashable {
        package var system: SystemCode
        /// The policy that its agents were to hold.
        package var policy: PolicyPoint?
        /// Calendar, rule settings, allowances, notices, exemption and emergency, as judged by; no lists of accounts and
        /// services.
        package var terms: Policy
        package var waivers: [Waiver]
        package var agents: [Agent]

        package init(
            system: SystemCode, policy: PolicyPoint? = nil, terms: Policy, waivers: [Waiver],
            agents: [Agent]
        ) {
            self.system = system
            self.policy = policy
            self.terms = terms
            self.waivers = waivers
            self.agents = agents
        }
    }

    package struct Agent: Codable, Hashable {
        package var agent: AgentID
        package var kid: String
        package var isRevoked: Bool
        package var epoch: Int64
        package var seq: Int64
        /// As `agent list` tells it: how far its clock was from the collector's; nil: not known.
        package var skewMilliseconds: Int64?

        package init(
            agent: AgentID, kid: String, isRevoked: Bool, epoch: Int64, seq: Int64,
            skewMilliseconds: Int64? = nil
        ) {
            self.agent = agent
            self.kid = kid
            self.isRevoked = isRevoked
            self.epoch = epoch
            self.seq = seq
            self.skewMilliseconds = skewMilliseconds
        }

        package enum CodingKeys: String, CodingKey {
            case agent, kid, epoch, seq
            case isRevoked = "revoked"
            case skewMilliseconds = "skew_ms"
        }
    }

    /// What a rule's number was: R1–R3.
    package struct Volume: Codable, Hashable {
        package var rule: RuleID
        package var scope: Scope
        package var key: String
        /// The breach that locked.
        package var k: Int
        /// The number judged by: of the form, with what allowances and notices add.
        package var threshold: Int64
        /// The number of the form alone; of the cap: the rule's.
        package var registered: Int64
        package var from: Timestamp
        package var until: Timestamp

        package init(
            rule: RuleID, scope: Scope, key: String, k: Int, threshold: Int64, registered: Int64,
            from: Timestamp, until: Timestamp
        ) {
            self.rule = rule
            self.scope = scope
            self.key = key
            self.k = k
            self.threshold = threshold
            self.registered = registered
            self.from = from
            self.until = until
        }
    }

    /// X1: the accounts registered for one person.
    package struct Person: Codable, Hashable {
        package var accounts: [String]
        package var withinMilliseconds: Int64

        package init(
            accounts: [String], withinMilliseconds: Int64
        ) {
            self.accounts = accounts
            self.withinMilliseconds = withinMilliseconds
        }

        package enum CodingKeys: String, CodingKey {
            case accounts
            case withinMilliseconds = "within_ms"
        }
    }

    /// The last entry of the audit log that changed the registry.
    package struct Registry: Codable, Hashable {
        package var number: Int64
        package var at: Timestamp
        package var hash: String

        package init(
            number: Int64, at: Timestamp, hash: String
        ) {
            self.number = number
            self.at = at
            self.hash = hash
        }
    }

    package var v = 1
    package var at: Timestamp
    package var systems: [System]
    /// How many more the lock concerns.
    package var more: Int
    package var volume: Volume?
    package var person: Person?
    package var registry: Registry?

    package init(
        v: Int = 1, at: Timestamp, systems: [System], more: Int, volume: Volume? = nil,
        person: Person? = nil, registry: Registry? = nil
    ) {
        self.v = v
        self.at = at
        self.systems = systems
        self.more = more
        self.volume = volume
        self.person = person
        self.registry = registry
    }
}
