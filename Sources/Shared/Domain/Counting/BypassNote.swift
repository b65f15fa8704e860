/// A bypass ordered at an agent: rules refuse nothing there for a time. Told with the first interval.
public struct BypassNote: Hashable, Codable, Sendable {
    public let from: Timestamp
    public let until: Timestamp
    public let reason: String
    /// Who ordered it on the agent's host: `uid 1000 ngocanh`.
    public let by: String

    public init(from: Timestamp, until: Timestamp, reason: String, by: String) {
        self.from = from
        self.until = until
        self.reason = reason
        self.by = by
    }
}
