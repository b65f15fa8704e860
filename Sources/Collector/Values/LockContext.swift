import Domain
import Platform
import Wire

/// What a lock was decided by. It is kept in the lock's own transaction, because the tables tell only what holds now.
package struct LockContext: Codable, Hashable {
    /// A lock on many systems (a unit) describes at most so many of them.
    package static let systemsMax = 200

    /// One system that the lock concerns, as it stood then.
    package struct System: Codable, Hashable {
        package var system: SystemCode
        /// The policy that its agents were supposed to hold.
        package var policy: PolicyPoint?
        /// The terms it was judged by: calendar, rule settings, allowances, notices, exemption and emergency, without
        /// the lists of accounts and services.
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
        /// How far the agent's clock was from the collector's, as `agent list` shows it; nil if unknown.
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

    /// The volume that a rule R1–R3 judged.
    package struct Volume: Codable, Hashable {
        package var rule: RuleID
        package var scope: Scope
        package var key: String
        /// The number of the breach that locked.
        package var k: Int
        /// The number it was judged by: the registered one of form 4, with what allowances and notices add.
        package var threshold: Int64
        /// The registered number of form 4 alone; for the cap, the rule's number.
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

    /// For X1: the accounts that are registered for one person.
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
    /// How many further systems the lock concerns.
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
