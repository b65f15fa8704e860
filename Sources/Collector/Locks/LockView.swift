import CollectorDelivery
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// One lock as people and programs see it.
package struct LockView {
    package let lock: LockRecord
    package let agents: Acknowledgement.Agents
    package let deliveries: [(agent: AgentID, at: Timestamp)]
    package let alerts: [Records.AlertRecord]

    package init(
        _ lock: LockRecord, _ book: LockBook, _ delivery: Delivery,
        agents everyAgent: [AgentRecord]? = nil
    ) throws {
        self.lock = lock
        let records = book.records
        agents = try Acknowledgement(
            records: records, delivery: delivery, book: book,
            everyAgent: everyAgent
        ).agents(lock)
        deliveries = try records.deliveries(lock.id)
        alerts = try records.alerts(ofLock: lock)
    }

    /// The fields of `lock list` as JSON, whose names are fixed, with what else is known.
    package var fields: [String: JSONValue] {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func time(_ value: Timestamp?) -> JSONValue { text(value?.description) }
        return [
            "id": .string(lock.id), "scope": .string(lock.scope.description),
            "state": .string(lock.state.rawValue), "reason": .string(lock.reason),
            "note": .string(lock.note), "basis": .string(lock.basis),
            "message": .object(["vi": .string(lock.message.vi), "en": .string(lock.message.en)]),
            "issued_by": .string(lock.issuedBy), "issued_at": time(lock.issuedAt),
            "expires_at": time(lock.expiresAt), "confidence": .number(lock.confidence),
            "approved_by": text(lock.approvedBy), "approved_at": time(lock.approvedAt),
            "ended_by": text(lock.endedBy), "ended_at": time(lock.endedAt),
            "end_note": text(lock.endNote), "outcome": text(lock.outcome),
            "replaces": text(lock.replaces), "refused": .integer(lock.refused),
            "first_refusal": time(lock.firstRefusal),
            "agents": .object([
                "concerned": .integer(Int64(agents.concerned.count)),
                "enforcing": .integer(Int64(agents.enforcing.count)),
                "stale": .integer(Int64(agents.stale.count)),
            ]),
        ]
    }

    package var story: [String: JSONValue] {
        var story = fields
        story["figures"] = parsed(lock.figures)
        story["evidence"] = parsed(lock.evidence)
        story["stale_agents"] = .array(agents.stale.map { .string($0.rawValue) })
        story["deliveries"] = .array(
            deliveries.map {
                .object([
                    "agent": .string($0.agent.rawValue), "at": .string($0.at.description),
                    "latency_ms": .integer($0.at.milliseconds - inForceSince.milliseconds),
                ])
            })
        story["alerts"] = .array(
            alerts.map {
                .object([
                    "id": .integer($0.id), "rule": .string($0.rule),
                    "message": .object([
                        "vi": .string($0.message.vi), "en": .string($0.message.en),
                    ]),
                ])
            })
        return story
    }

    private var inForceSince: Timestamp { lock.approvedAt ?? lock.issuedAt }

    private func parsed(_ json: String) -> JSONValue {
        (try? decodeJSON(JSONValue.self, [UInt8](json.utf8))) ?? .null
    }

    package static let columns = [
        "id", "state", "scope", "reason", "issued_by", "enforced", "expires_at", "note", "message",
    ]

    /// Returns the cells of a table; `nothing` stands for a missing value.
    package func cells(_ language: Language, nothing: String) -> [String] {
        [
            lock.id, state[language], lock.scope.description, lock.reason, lock.issuedBy,
            enforced[language], lock.expiresAt?.description ?? nothing, lock.note,
            lock.message[language],
        ]
    }

    private var state: Localized { lock.state.words }

    private var enforced: Localized {
        MessageKey.termLockEnforced.text([
            "enforcing": .same(agents.enforcing.count), "concerned": .same(agents.concerned.count),
        ])
    }

    /// Returns the text for a duty officer at night: what, why, who, since when, who enforces it, and what to do.
    package func text(_ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var lines = [
            "\(lock.id)  \(state[language])  \(lock.scope)",
            lock.message[language],
            say("Lý do: ", "Reason: ") + "\(lock.reason) · \(shown(lock.note))"
                + (lock.basis.isEmpty ? "" : say(" · căn cứ ", " · basis ") + shown(lock.basis)),
        ]
        lines += alerts.map { "\($0.rule): \($0.message[language])" }
        if lock.figures != "{}" { lines.append(say("Số liệu: ", "Figures: ") + lock.figures) }
        lines.append(
            "\(lock.issuedAt.rfc3339Seconds)  "
                + say(lock.state == .proposed ? "đề xuất bởi " : "ban hành bởi ", "issued by ")
                + shown(lock.issuedBy))
        if let by = lock.approvedBy, let at = lock.approvedAt {
            lines.append("\(at.rfc3339Seconds)  " + say("duyệt bởi ", "approved by ") + shown(by))
        }
        for delivery in deliveries {
            let latency = delivery.at.milliseconds - inForceSince.milliseconds
            lines.append(
                "\(delivery.at.rfc3339Seconds)  " + say("áp dụng tại ", "enforced at ")
                    + "\(delivery.agent) (+\(latency) ms)")
        }
        if lock.state == .active {
            lines.append(enforced[language])
            if !agents.stale.isEmpty {
                let count = Localized.same(agents.stale.count)
                let stale =
                    agents.staleSince.map {
                        MessageKey.termLockStale.text(["stale": count, "since": moment($0)])
                    } ?? MessageKey.termLockUnheard.text(["stale": count])
                lines.append(
                    stale[language] + ": " + agents.stale.map(\.rawValue).joined(separator: ", "))
            }
        }
        if let first = lock.firstRefusal {
            lines.append(
                "\(first.rfc3339Seconds)  "
                    + say("lượt đầu tiên bị từ chối; tổng cộng ", "first refusal; in all ")
                    + "\(lock.refused)")
        }
        if let at = lock.endedAt {
            let outcome = lock.outcome.map { " [\($0)]" } ?? ""
            lines.append(
                "\(at.rfc3339Seconds)  \(state[language]) "
                    + say("bởi ", "by ") + shown(lock.endedBy ?? "?")
                    + ": \(shown(lock.endNote ?? ""))\(outcome)")
        } else if let end = lock.expiresAt {
            lines.append(say("Hết hiệu lực: ", "Ends: ") + end.rfc3339Seconds)
        }
        switch lock.state {
        case .active:
            lines.append(
                say("Mở khóa: ", "To release: ")
                    + "chot-collector lock release \(lock.id) --reason … --outcome justified|mistaken"
            )
        case .proposed:
            lines.append(
                say("Quyết định: ", "To decide: ")
                    + "chot-collector lock approve \(lock.id) | lock reject \(lock.id) --reason …")
        default: break
        }
        // Texts from elsewhere must not be able to break these lines.
        return lines.map(ShownText.line).joined(separator: "\n")
    }
}

extension LockState {
    /// The state as people read it.
    package var words: Localized {
        switch self {
        case .proposed: MessageKey.termLockProposed.template
        case .active: MessageKey.termLockActive.template
        case .released: MessageKey.termLockReleased.template
        case .expired: MessageKey.termLockExpired.template
        case .rejected: MessageKey.termLockRejected.template
        }
    }
}
