import Domain

/// What a total is of, within one system and one table of totals.
struct TotalKey: Hashable {
    let source: UsageSource
    /// Nil in `systemHours`: of all accounts.
    let login: Login?
    let service: ServiceName
    /// An hour since 1970; in `dates` a date.
    let time: Int64
    let window: WindowKind
}

/// Counts that are compared: those recorded, less those in evidence.
struct TotalSums: Hashable {
    var allowed: Int64 = 0, denied: Int64 = 0, passed: Int64 = 0

    static let zero = TotalSums()

    static func - (a: TotalSums, b: TotalSums) -> TotalSums {
        TotalSums(
            allowed: a.allowed.subtracting(b.allowed), denied: a.denied.subtracting(b.denied),
            passed: a.passed.subtracting(b.passed))
    }

    static func + (a: TotalSums, b: TotalSums) -> TotalSums {
        TotalSums(
            allowed: a.allowed.adding(b.allowed), denied: a.denied.adding(b.denied),
            passed: a.passed.adding(b.passed))
    }
}

extension SummaryRow {
    /// Where the row's counts went: one total in each table.
    var totalKeys: [TotalKey] {
        UsageSource.allCases.map { source in
            TotalKey(
                source: source, login: source == .systemHours ? nil : login, service: service,
                time: source == .dates
                    ? Int64(hour.date.daysSinceEpoch)
                    : hour.milliseconds / Timestamp.millisecondsPerHour, window: window)
        }
    }

    var totalSums: TotalSums {
        TotalSums(allowed: allowed, denied: deniedTotal, passed: passed)
    }
}

/// Which totals can be checked, by table: hours since 1970, dates for `dates`.
struct TotalSpans {
    private let spans: [UsageSource: Range<Int64>]

    /// `first`, `end`: hours. `kept`: from when on a table has all its rows.
    init(first: Int64?, end: Int64?, kept: (hoursFrom: Int64?, datesFrom: Int64?)) {
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

    subscript(source: UsageSource) -> Range<Int64> { spans[source] ?? 0..<0 }

    func contains(_ key: TotalKey) -> Bool { self[key.source].contains(key.time) }

    private static func date(of hour: Int64) -> Int64 {
        Int64(
            Timestamp(milliseconds: hour.multiplied(by: Timestamp.millisecondsPerHour)).date
                .daysSinceEpoch)
    }
}
