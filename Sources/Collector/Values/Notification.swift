import Domain
import Platform

/// Something that staff are told: one row of the outbox, the same bytes however often it is sent.
/// It holds no more personal data than an alert's sentences.
package struct Notification: Sendable {
    package enum Event: String, CaseIterable, Sendable {
        case alertNew = "alert.new"
        /// The severity of a known alert rose, or a resolved alert is open again.
        case alertRaised = "alert.raised"
        case lockIssued = "lock.issued"
        case lockProposed = "lock.proposed"
        case lockReleased = "lock.released"
        /// The outbox was full, and the oldest notifications were dropped.
        case dropped

        package var words: Localized {
            (MessageKey(rawValue: "notify.event.\(rawValue)") ?? .notifyEventAlertNew).template
        }
    }

    /// Its place in the outbox, by which `alerts watch` and the channels advance.
    package var number: Int64 = 0
    /// The same for the same event of the same alert or lock, also after a restart.
    package let id: String
    package let event: Event
    /// A rule id, or `staff`.
    package let rule: String
    package let kind: String
    package let severity: Severity
    package let scope: String
    /// An alert's number or a lock's id.
    package let subject: String
    package let at: Timestamp
    package let message: Localized

    package init(
        number: Int64 = 0, id: String, event: Event, rule: String, kind: String, severity: Severity,
        scope: String, subject: String, at: Timestamp, message: Localized
    ) {
        self.number = number
        self.id = id
        self.event = event
        self.rule = rule
        self.kind = kind
        self.severity = severity
        self.scope = scope
        self.subject = subject
        self.at = at
        self.message = message
    }

    /// `parts` identify the event for good: what it is about and what happened.
    package static func id(of event: Event, _ parts: [String]) -> String {
        let name = ([event.rawValue] + parts).map { "\($0.utf8.count):\($0)" }.joined()
        return "n-" + Digest.hex(Array(Digest.sha256(Array(name.utf8)).prefix(16)))
    }

    package var json: [String: JSONValue] {
        var object: [String: JSONValue] = [
            "id": .string(id), "event": .string(event.rawValue), "rule": .string(rule),
            "kind": .string(kind), "severity": .string(severity.rawValue),
            "scope": .string(shown(scope)), "at": .string(at.description),
            "message": .object(["vi": .string(message.vi), "en": .string(message.en)]),
        ]
        switch event {
        case .alertNew, .alertRaised: object["alert"] = .integer(Int64(subject) ?? 0)
        case .lockIssued, .lockProposed, .lockReleased: object["lock"] = .string(subject)
        case .dropped: break
        }
        return object
    }
}

extension Severity {
    package var words: Localized {
        switch self {
        case .info: MessageKey.notifySeverityInfo.template
        case .warning: MessageKey.notifySeverityWarning.template
        case .critical: MessageKey.notifySeverityCritical.template
        }
    }
}
