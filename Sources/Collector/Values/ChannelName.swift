/// Which channel, in the outbox and in metrics.
struct ChannelName: Hashable, Sendable {
    enum Kind: String, CaseIterable, Sendable { case webhook, email, syslog }

    let kind: Kind
    /// Tells several of a kind apart and survives a reordering of the configuration; holds no secret.
    let key: String

    var text: String { key.isEmpty ? kind.rawValue : "\(kind.rawValue):\(key)" }

    init(_ kind: Kind, key: String = "") {
        self.kind = kind
        self.key = key
    }

    /// The kind of a stored name.
    static func kind(of text: String) -> String {
        String(text.prefix { $0 != ":" })
    }
}
