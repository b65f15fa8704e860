/// The state of the collector's audit log on a date. Every nation lock set carries it and every agent keeps it, so
/// that the centre cannot rewrite its log alone.
public struct AuditDigest: Hashable, Codable, Sendable {
    public static let typ = "chot-audit+jws"

    public let date: CalendarDate
    /// The number and hash of the last entry.
    public let number: Int64
    public let hash: String

    public init(date: CalendarDate, number: Int64, hash: String) {
        self.date = date
        self.number = number
        self.hash = hash
    }
}
