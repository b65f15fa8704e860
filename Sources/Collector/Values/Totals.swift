import Domain

/// What a total is of, within one system and one table of totals.
package struct TotalKey: Hashable {
    package let source: UsageSource
    /// Nil in `systemHours`: of all accounts.
    package let login: Login?
    package let service: ServiceName
    /// An hour since 1970; in `dates` a date.
    package let time: Int64
    package let window: WindowKind

    package init(
        source: UsageSource, login: Login?, service: ServiceName, time: Int64, window: WindowKind
    ) {
        self.source = source
        self.login = login
        self.service = service
        self.time = time
        self.window = window
    }
}

extension SummaryRow {
    /// Where the row's counts went: one total in each table.
    package var totalKeys: [TotalKey] {
        UsageSource.allCases.map { source in
            TotalKey(
                source: source, login: source == .systemHours ? nil : login, service: service,
                time: source == .dates
                    ? Int64(hour.date.daysSinceEpoch)
                    : hour.milliseconds / Timestamp.millisecondsPerHour, window: window)
        }
    }

    package var totalSums: QueryCounts {
        QueryCounts(allowed: allowed, denied: deniedTotal, passed: passed)
    }
}

/// Which totals can be checked, by table: hours since 1970, dates for `dates`.
package struct TotalSpans {
    private let spans: [UsageSource: Range<Int64>]

    /// `first`, `end`: hours. `kept`: from when on a table has all its rows.
    package init(first: Int64?, end: Int64?, kept: (hoursFrom: Int64?, datesFrom: Int64?)) {
        func span(_ first: Int64?, _ end: Int64?) -> Range<Int64> {
            (first ?? .min)..<max(first ?? .min, end ?? .max)
        }
        func later(_ a: Int64?, _ b: Int64?) -> Int64? { [a, b].compactMap { $0 }.max() }
        spans = [
            .systemHours: span(first, end),
            .hours: span(later(first, kept.hoursFrom), end),
            // Whole dates alone.
            .dates: span(
                later(first.map { Self.date(of: $0 - 1) + 1 }, kept.datesFrom),
                end.map(Self.date)),
        ]
    }

    package subscript(source: UsageSource) -> Range<Int64> { spans[source] ?? 0..<0 }

    package func contains(_ key: TotalKey) -> Bool { self[key.source].contains(key.time) }

    private static func date(of hour: Int64) -> Int64 {
        Int64(
            Timestamp(milliseconds: hour.multiplied(by: Timestamp.millisecondsPerHour)).date
                .daysSinceEpoch)
    }
}
