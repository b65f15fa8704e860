/// Names a notification channel, in the outbox and in metrics.
package struct ChannelName: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable { case webhook, email, syslog }

    package let kind: Kind
    /// Tells several channels of one kind apart. It survives a reordering of the configuration and holds no secret.
    package let key: String

    package var text: String { key.isEmpty ? kind.rawValue : "\(kind.rawValue):\(key)" }

    package init(_ kind: Kind, key: String = "") {
        self.kind = kind
        self.key = key
    }

    /// The kind that a stored channel name begins with.
    package static func kind(of text: String) -> String {
        String(text.prefix { $0 != ":" })
    }
}
