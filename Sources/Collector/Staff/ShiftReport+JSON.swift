import CollectorClock
import CollectorValues
import Domain
import Platform

extension ShiftReport {
    package var json: JSONValue {
        .object([
            "from": .string(period.lowerBound.description),
            "to": .string(period.upperBound.description), "at": .string(now.description),
            "usage": .object([
                "rows": usageRows, "coverage": coverage.json,
            ]),
            "alerts": .object([
                "opened": byRule(counts(Notification.Event.alertNew.rawValue)),
                "raised": byRule(counts(Notification.Event.alertRaised.rawValue)),
                "resolved": byRule(counts("resolved")), "open": byRule(open),
            ]),
            "locks": .object([
                "issued": list(locks.issued), "proposed": list(locks.proposed),
                "released": list(locks.released), "expired": list(locks.expired),
                "rejected": list(locks.rejected),
                "refused": .integer(locks.refusedTotal),
            ]),
            "proposals_waiting": list(locks.waiting),
            "agents": agentsJSON, "notifications": notificationsJSON,
            "integrity": .array(
                integrity.map {
                    .object([
                        "rule": .string($0.rule), "kind": .string($0.kind),
                        "scope": .string($0.scope), "state": .string($0.state),
                        "at": .string($0.at.description),
                        "message": .object([
                            "vi": .string($0.message.vi), "en": .string($0.message.en),
                        ]),
                    ])
                }),
        ])
    }

    private var usageRows: JSONValue {
        guard case .object(let object)? = usage.json else { return .array([]) }
        return object["rows"] ?? .array([])
    }

    private func byRule(_ counts: [(rule: String, count: Int64)]) -> JSONValue {
        .array(counts.map { .object(["rule": .string($0.rule), "count": .integer($0.count)]) })
    }

    private func list(_ locks: [LockRecord]) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return .array(
            locks.map { lock in
                .object([
                    "id": .string(lock.id), "scope": .string(lock.scope.description),
                    "state": .string(lock.state.rawValue), "reason": .string(lock.reason),
                    "issued_by": .string(lock.issuedBy),
                    "issued_at": .string(lock.issuedAt.description),
                    "approved_by": text(lock.approvedBy),
                    "expires_at": text(lock.expiresAt?.description),
                    "ended_at": text(lock.endedAt?.description), "ended_by": text(lock.endedBy),
                    "outcome": text(lock.outcome), "refused": .integer(lock.refused),
                    "first_refusal": text(lock.firstRefusal?.description),
                ])
            })
    }

    private var agentsJSON: JSONValue {
        .object([
            "silent": .array(
                agents.silent.map {
                    .object([
                        "agent": .string($0.agent.rawValue),
                        "last_seen": $0.since.map { .string($0.description) } ?? .null,
                    ])
                }),
            "stale": .array(
                agents.stale.map {
                    .object(["agent": .string($0.agent.rawValue), "lock": .string($0.lock)])
                }),
            "without_agent": .array(agents.withoutAgent.map { .string($0) }),
        ])
    }

    private var notificationsJSON: JSONValue {
        .object([
            "waiting": .integer(undelivered.map(\.waiting).saturatingSum),
            "dropped": .integer(dropped),
            "channels": .array(
                undelivered.map {
                    .object([
                        "channel": .string($0.channel), "waiting": .integer($0.waiting),
                        "oldest": $0.oldest.map { .string($0.description) } ?? .null,
                        "problem": problems[$0.channel].map { .string($0) } ?? .null,
                    ])
                }),
        ])
    }
}
