/// A bypass ordered at an agent: rules refuse nothing there for a time. The interval in which it began tells of it.
public struct BypassNote: Hashable, Codable, Sendable {
    public let from: Timestamp
    public let until: Timestamp
    public let reason: String
    /// The user who ordered it on the agent's host: `uid 1000 ngocanh`.
    public let by: String

    public init(from: Timestamp, until: Timestamp, reason: String, by: String) {
        self.from = from
        self.until = until
        self.reason = reason
        self.by = by
    }
}
