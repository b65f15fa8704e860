import CollectorDelivery
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// I1: an agent in contact does not take the policy that it is offered, so what was registered since is not in force
/// there. There is one alert a system and day, which resolves itself when the agent has caught up. Not thread-safe:
/// used by the upkeep thread.
package struct Behind {
    package static let kind = "behind"

    package let store: any Store
    package let delivery: Delivery
    package let metrics: Metrics

    package init(
        store: any Store, delivery: Delivery, metrics: Metrics
    ) {
        self.store = store
        self.delivery = delivery
        self.metrics = metrics
    }

    package func look(at now: Timestamp) {
        do {
            let contact = delivery.policyContact()
            let behind = Dictionary(
                grouping: contact.filter(\.isBehind), by: { $0.agent.system })
            let served = Set(contact.map { Scope.system($0.agent.system).description })
            let open = try store.read {
                try $0.openAlerts(RuleID.i1.rawValue, kind: Self.kind)
            }
            let over = open.filter { alert in
                served.contains(alert.scope)
                    && !behind.keys.contains { Scope.system($0).description == alert.scope }
            }
            let told = Set(open.filter { $0.key == now.date.description }.map(\.scope))
            for (system, agents) in behind.sorted(by: { $0.key < $1.key })
            where !told.contains(Scope.system(system).description) {
                guard let first = agents.min(by: { $0.agent < $1.agent }) else { continue }
                try store.write(as: .rules) { try tell(first, agents.count, $0, now) }
                Log.warning(
                    "an agent does not take its policy",
                    [
                        "agent": first.agent, "held": first.held?.description ?? "-",
                        "offered": first.current,
                    ])
            }
            for alert in over {
                try store.write(as: .rules) { _ = try $0.resolveAlert(alert.id, at: now) }
            }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error(
                "cannot look for agents that stay behind; it is tried again", ["error": error])
        }
    }

    private func tell(
        _ one: Delivery.PolicyContact, _ count: Int, _ records: Records, _ now: Timestamp
    ) throws {
        let system = try records.system(one.agent.system)
        let since = now.advanced(byMilliseconds: -one.offeredMilliseconds)
        try records.add(
            Finding(
                rule: .i1, kind: Self.kind, scope: Scope.system(one.agent.system).description,
                key: now.date.description, from: since, at: now,
                message: MessageKey.alertI1Behind.text([
                    "agent": .same(one.agent),
                    "system_name": .same(system?.name ?? one.agent.system.rawValue),
                    "unit_name": .same(system?.unitName ?? ""),
                    "held": .same(one.held?.description ?? "-"), "current": .same(one.current),
                    "since": moment(since),
                ]),
                figures: [
                    "agent": .string(one.agent.rawValue), "agents": .integer(Int64(count)),
                    "held": .string(one.held?.description ?? "-"),
                    "current": .string(one.current.description),
                ], evidence: []))
    }
}
