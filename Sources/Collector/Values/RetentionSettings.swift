import Platform

/// How long each kind of data is kept (`retention` in collector.json5).
package struct RetentionSettings: Sendable {
    package static let day: Int64 = 86_400_000

    /// For hours by account, and refusals by hour.
    package var hourlyMilliseconds: Int64 = 90 * day
    /// For dates by account, hours by system, and evidence that is cited.
    package var dailyMilliseconds: Int64 = 1826 * day
    /// For signed summaries.
    package var evidenceMilliseconds: Int64 = 366 * day
    /// For whatever an alert, a lock or a pack cites.
    package let pinnedMilliseconds: Int64 = 1826 * day
    /// Summaries that are too few for a whole block are compressed so long after they were received.
    package var packAfterMilliseconds: Int64 = day

    package static func read(_ reader: ConfigReader) -> RetentionSettings {
        var settings = RetentionSettings()
        settings.hourlyMilliseconds = span(reader, "hourly", from: 40, settings.hourlyMilliseconds)
        settings.dailyMilliseconds = span(reader, "daily", from: 400, settings.dailyMilliseconds)
        settings.evidenceMilliseconds = span(
            reader, "evidence", from: 90, settings.evidenceMilliseconds)
        if settings.dailyMilliseconds < settings.hourlyMilliseconds {
            reader.problem("daily", "must not be shorter than hourly")
        }
        return settings
    }

    /// Reads `90d`, `12mo`, `5y`: a month counts as 30.5 days, a year as 365.25.
    private static func span(
        _ reader: ConfigReader, _ key: String, from days: Int64, _ standard: Int64
    ) -> Int64 {
        guard let text = reader.string(key) else { return standard }
        var value = parseSpan(text)
        for (unit, halfDays) in [("mo", Int64(61)), ("y", 731)] where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(digits),
                count <= 1200
            else { continue }
            value = count * halfDays * day / 2
        }
        guard let value, (days * day...36_525 * day).contains(value) else {
            reader.problem(key, "must be a span like 90d, 12mo or 5y, between \(days)d and 100y")
            return standard
        }
        return value
    }
}
