import Domain
import Platform

/// `queryLog` of agent.json5: whether the agency's log of accesses is kept, how long, and how large it may grow.
struct QueryLogSettings: Sendable, Equatable {
    /// Such systems must keep their access logs for at least 3 months (Decree 331/2026), and the letter wants them
    /// kept for investigations (docs/domain.md#l8). Nothing younger is ever deleted.
    static let keepMonthsFloor = 3

    var isEnabled = true
    var keepMonths = 12
    /// A file is closed and compressed at this size, and at the end of its date.
    var fileBytesMax = 256 << 20
    /// The bound of all files together; beyond it the oldest are deleted, but none younger than the floor.
    var totalBytesMax = 20 << 30

    static func read(_ reader: ConfigReader) -> QueryLogSettings {
        var settings = QueryLogSettings()
        settings.isEnabled = reader.bool("enabled", default: true)
        settings.keepMonths = months(reader) ?? settings.keepMonths
        settings.fileBytesMax = reader.bytes(
            "fileMax", in: (1 << 20)...(4 << 30), default: settings.fileBytesMax)
        settings.totalBytesMax = reader.bytes(
            "totalMax", in: (16 << 20)...(10 << 40), default: settings.totalBytesMax)
        if settings.totalBytesMax / 4 < settings.fileBytesMax {
            reader.problem("totalMax", "must be at least four times queryLog.fileMax")
        }
        return settings
    }

    /// Reads `12 months`, or a number of months.
    private static func months(_ reader: ConfigReader) -> Int? {
        guard let text = reader.text("keep") else { return nil }
        var words = text[...]
        for unit in ["months", "month"] where words.hasSuffix(unit) {
            words = words.dropLast(unit.count)
            break
        }
        let digits = words.filter { $0 != " " }
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(digits),
            (keepMonthsFloor...120).contains(count)
        else {
            reader.problem(
                "keep",
                "must be \"3 months\" to \"120 months\": access logs are kept for investigations (letter 6383/CV-TCT, form 1, 3 (3)), at least 3 months (Decree 331/2026)"
            )
            return nil
        }
        return count
    }
}
