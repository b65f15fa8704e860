import Domain
import Platform

/// What a channel sends at once: a single notification, or a digest of many of one rule.
package struct Letter: Sendable {
    package struct Digest: Sendable {
        package let id: String
        package let rule: String
        /// Counts all notifications of the digest, including those that are not in `notifications`.
        package let count: Int
        package let from: Timestamp
        package let to: Timestamp
        package let severity: Severity

        package init(
            id: String, rule: String, count: Int, from: Timestamp, to: Timestamp, severity: Severity
        ) {
            self.id = id
            self.rule = rule
            self.count = count
            self.from = from
            self.to = to
            self.severity = severity
        }
    }

    /// A digest names at most so many ids and tells at most so many sentences.
    package static let idsMax = 1000
    static let sentencesMax = 5

    /// Nil means that `notifications` holds a single one.
    package let digest: Digest?
    /// Holds only the first ones of a digest.
    package let notifications: [Notification]

    package init(_ notification: Notification) {
        digest = nil
        notifications = [notification]
    }

    /// `first` must hold at least one notification.
    package init(_ digest: Digest, first: [Notification]) {
        self.digest = digest
        notifications = first
    }

    private var first: Notification? { notifications.first }
    package var id: String { digest?.id ?? first?.id ?? "" }
    package var severity: Severity { digest?.severity ?? first?.severity ?? .warning }
    package var rule: String { digest?.rule ?? first?.rule ?? "" }
    package var at: Timestamp { digest?.to ?? first?.at ?? Timestamp(milliseconds: 0) }
    package var count: Int { digest?.count ?? 1 }
    package var event: String { digest == nil ? first?.event.rawValue ?? "" : "digest" }
    package var words: Localized {
        digest == nil
            ? first?.event.words ?? .same("") : MessageKey.notifyEventDigest.template
    }

    /// The sentence of the letter. A digest adds its first sentences below.
    package var message: Localized {
        guard let digest else { return first?.message ?? .same("") }
        let head = MessageKey.notifyDigest.text([
            "count": .same(digest.count), "rule": .same(digest.rule),
            "from": moment(digest.from), "to": moment(digest.to),
        ])
        let told = notifications.prefix(Self.sentencesMax)
        func lines(_ language: Language) -> String {
            told.map { "\n- \($0.message[language])" }.joined()
                + (digest.count > told.count ? "\n- …" : "")
        }
        return Localized(vi: head.vi + lines(.vi), en: head.en + lines(.en))
    }

    /// `[Chốt] NGHIÊM TRỌNG / CRITICAL · R1 · cảnh báo mới / new alert · account=…`
    package var subject: String {
        let what = digest.map { "×\($0.count)" } ?? shown(first?.scope ?? "")
        return "[Chốt] \(both(severity.words)) · \(rule) · \(both(words))"
            + (what.isEmpty ? "" : " · \(what)")
    }

    private func both(_ text: Localized) -> String { "\(text.vi) / \(text.en)" }

    /// The text for people: both languages, Vietnamese first.
    package var text: String {
        let named = digest == nil ? [shown(first?.scope ?? ""), first?.subject ?? ""] : []
        let reference = ([event, rule] + named + [at.rfc3339Seconds, id])
            .filter { !$0.isEmpty }.joined(separator: " · ")
        return "\(message.vi)\n\n\(message.en)\n\n-- \n\(reference)\n"
    }

    /// The form for programs. `collector` names the sender.
    package func json(collector: String) -> JSONValue {
        guard let digest else {
            var object = first?.json ?? [:]
            object["collector"] = .string(collector)
            return .object(object)
        }
        return .object([
            "id": .string(digest.id), "event": .string("digest"), "rule": .string(digest.rule),
            "severity": .string(digest.severity.rawValue), "count": .integer(Int64(digest.count)),
            "from": .string(digest.from.description), "to": .string(digest.to.description),
            "at": .string(digest.to.description),
            "message": .object(["vi": .string(message.vi), "en": .string(message.en)]),
            "first": .array(notifications.prefix(Self.sentencesMax).map { .object($0.json) }),
            "notifications": .array(notifications.map { .string($0.id) }),
            "collector": .string(collector),
        ])
    }
}
