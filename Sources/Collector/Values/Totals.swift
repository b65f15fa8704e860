import Domain

/// What a total counts, within one system and one table of totals.
package struct TotalKey: Hashable {
    package let source: UsageSource
    /// Nil in `systemHours`, which counts all accounts together.
    package let login: Login?
    package let service: ServiceName
    /// Hours since 1970; in `dates`, days since 1970.
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
    /// Where the row's counts were added: one total in each table.
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

/// The times for which totals can be checked, by table: in hours since 1970, for `dates` in days.
package struct TotalSpans {
    private let spans: [UsageSource: Range<Int64>]

    /// `first` and `end` are hours. `kept` says from when on a table still has all its rows.
    package init(first: Int64?, end: Int64?, kept: (hoursFrom: Int64?, datesFrom: Int64?)) {
        func span(_ first: Int64?, _ end: Int64?) -> Range<Int64> {
            (first ?? .min)..<max(first ?? .min, end ?? .max)
        }
        func later(_ a: Int64?, _ b: Int64?) -> Int64? { [a, b].compactMap { $0 }.max() }
        spans = [
            .systemHours: span(first, end),
            .hours: span(later(first, kept.hoursFrom), end),
            // Only whole dates can be checked.
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
