import Domain
import Platform

extension Delivery {
    /// An agent that was heard lately, and the policy that it said it has.
    package struct PolicyContact {
        package let agent: AgentID
        package let held: Version?
        package let current: Version
        /// How long the current policy has been offered, in milliseconds.
        package let offeredMilliseconds: Int64

        package var isBehind: Bool {
            held != current && offeredMilliseconds > Delivery.frozenMilliseconds
        }
    }

    /// An agent that has been silent for longer is left out: it is unknown what it holds.
    static let contactMilliseconds: Int64 = 360_000

    package func policyContact(at now: Int64 = MonotonicClock.milliseconds()) -> [PolicyContact] {
        policyHoldings(since: now - Self.contactMilliseconds).map { agent, held, offered in
            PolicyContact(
                agent: agent, held: held, current: offered.version,
                offeredMilliseconds: now - offered.since)
        }
    }
}
