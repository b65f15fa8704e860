import Domain

/// A way to reach people. One letter at a time, on the sender's own thread.
protocol NotificationChannel: Sendable {
    var name: ChannelName { get }
    /// Quieter ones are not for this channel.
    var minSeverity: Severity { get }
    /// Returns when the other side has taken it.
    func deliver(_ letter: Letter) throws(DeliveryProblem)
    /// Ends a running delivery: the collector stops.
    func cancel()
}

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

/// Why a letter did not go. Texts hold no secret and no address with one.
enum DeliveryProblem: Error, CustomStringConvertible, Sendable {
    /// The other side is away or busy: everything waits.
    case away(String)
    /// The other side will not take this one: it is tried again later, the others go on.
    case refused(String)

    var description: String {
        switch self {
        case .away(let text), .refused(let text): text
        }
    }
}
