import CollectorStore
import CollectorValues
import Domain

/// Adds up the totals of a question from the tables that answer it with the least reading.
///
/// Without accounts it reads hours of systems. With accounts it reads whole dates from dates of accounts, and what is
/// cut off at both ends from hours of accounts; if hours are asked for, it reads all from there. A day lasts from 07:00
/// to 07:00, or from when the unit's office opens.
package struct UsageTotals {
    package let records: Records
    package let question: UsageQuestion
    /// The keys of a line, of `UsageReport.keys`.
    package let by: Set<String>
    /// Returns the hour at which the office of a unit opens.
    package let opening: (UnitCode) -> Int
    /// If nil, whatever reads least is used; else only this table, as far as it can answer.
    package var source: UsageSource?

    package init(
        records: Records, question: UsageQuestion, by: Set<String>,
        opening: @escaping (UnitCode) -> Int, source: UsageSource? = nil
    ) {
        self.records = records
        self.question = question
        self.by = by
        self.opening = opening
        self.source = source
    }

    package struct Answer {
        /// Named by the columns of the question, in their order.
        package var lines: [(names: [String], sums: QueryCounts)] = []
        /// From when on the answer has every hour that was asked for; nil: all of them.
        package var detailFrom: Timestamp?
        /// How many rows were read.
        package var read = 0
    }

    package func run(columns: [String], top: Int?) throws -> Answer {
        let codes = try records.usageSystems()
        var units: [String: Int64] = [:]
        var places: [Int64: UsagePlace] = [:]
        for (id, code) in codes {
            let unit = SystemCode(unchecked: code).unit
            let number = units[unit.rawValue] ?? Int64(units.count)
            units[unit.rawValue] = number
            places[id] = UsagePlace(unit: number, opening: Int64(opening(unit)))
        }
        var answer = Answer()
        var adder = UsageAdder(by: by, places: places)
        for span in try spans(&answer) {
            try records.usage(
                span.source, question, systems: systems(codes), first: span.first, end: span.end
            ) { cell in
                answer.read += 1
                if span.source == .dates, !span.isWhole, !fits(cell, places[cell.system], &answer) {
                    return
                }
                adder.add(cell, from: span.source)
            }
        }
        var lines = adder.finish()
        if let top {
            // Names are looked up only for lines that may be shown.
            let floor = lines.values.map(\.allowed).sorted(by: >).prefix(top).last ?? 0
            lines = lines.filter { $0.value.allowed >= floor }
        }
        let unitNames = Dictionary(uniqueKeysWithValues: units.map { ($0.value, $0.key) })
        var namer = UsageNamer(
            records: records, codes: codes, units: unitNames,
            isByUnit: !by.contains("system") && !by.contains("account"))
        answer.lines = try lines.map { key, sums in
            (try columns.map { try namer.name($0, key) }, sums)
        }
        answer.lines.sort { $0.names.lexicographicallyPrecedes($1.names) }
        if let top {
            // Stable, so that equal lines stay in the order of their names.
            answer.lines = Array(
                answer.lines.enumerated().sorted {
                    ($1.element.sums.allowed, $0.offset) < ($0.element.sums.allowed, $1.offset)
                }.prefix(top).map(\.element))
        }
        return answer
    }

    // MARK: where to read

    private struct Span {
        let source: UsageSource
        let first: Int64?
        let end: Int64?
        var isWhole = true
    }

    private var needsAccounts: Bool { by.contains("account") || question.account != nil }

    private func spans(_ answer: inout Answer) throws -> [Span] {
        let (first, end) = (question.firstHour, question.endHour)
        if source == .hours || (source == nil && needsAccounts && by.contains("hour")) {
            let kept = try records.usageKept().hoursFrom
            if let kept, first.map({ $0 < kept }) ?? true { answer.detailFrom = Self.time(kept) }
            return [Span(source: .hours, first: first, end: end)]
        }
        if source == .systemHours || (source == nil && !needsAccounts) {
            return [Span(source: .systemHours, first: first, end: end)]
        }
        return try dateSpans(first, end, &answer)
    }

    /// Returns whole dates, and hours of dates that the question cuts. If these hours are no longer kept, it returns
    /// the part of such a date before or after the opening of the office, if that is whole.
    private func dateSpans(_ first: Int64?, _ end: Int64?, _ answer: inout Answer) throws -> [Span]
    {
        let kept = try records.usageKept()
        if let from = kept.datesFrom, first.map({ $0 < Self.hour(ofDate: from) }) ?? true {
            answer.detailFrom = Self.time(Self.hour(ofDate: from))
        }
        let firstDate = first.map { Self.date(of: $0.adding(23)) }
        let endDate = end.map(Self.date)
        if let first, let end, let firstDate, let endDate, firstDate >= endDate {
            // No date is whole.
            return Self.cut(first, end, kept: kept.hoursFrom)
        }
        var spans = [Span(source: .dates, first: firstDate, end: endDate)]
        if let first, let firstDate, first < Self.hour(ofDate: firstDate) {
            spans += Self.cut(first, Self.hour(ofDate: firstDate), kept: kept.hoursFrom)
        }
        if let end, let endDate, Self.hour(ofDate: endDate) < end {
            spans += Self.cut(Self.hour(ofDate: endDate), end, kept: kept.hoursFrom)
        }
        return spans
    }

    private static func cut(_ first: Int64, _ end: Int64, kept: Int64?) -> [Span] {
        guard let kept, first < kept else {
            return [Span(source: .hours, first: first, end: end)]
        }
        let dates = Span(
            source: .dates, first: date(of: first), end: date(of: end.subtracting(1)) + 1,
            isWhole: false)
        return [dates]
    }

    /// Whether a part of a date lies in a question that cuts the date. A part that is cut itself is left out, and the
    /// answer says so.
    private func fits(_ cell: UsageCell, _ place: UsagePlace?, _ answer: inout Answer) -> Bool {
        let midnight = Self.hour(ofDate: cell.time)
        let opening = midnight.adding(place?.opening ?? 7)
        let part =
            cell.isEarly ? midnight..<opening : opening..<Swift.max(opening, midnight.adding(24))
        let asked = (question.firstHour ?? .min)..<(question.endHour ?? .max)
        if asked.lowerBound <= part.lowerBound, part.upperBound <= asked.upperBound { return true }
        if asked.overlaps(part) { answer.detailFrom = max(answer.detailFrom, hoursKept) }
        return false
    }

    private var hoursKept: Timestamp? { (try? records.usageKept().hoursFrom)?.map(Self.time) }

    private func max(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
        guard let a, let b else { return a ?? b }
        return a < b ? b : a
    }

    private func systems(_ codes: [Int64: String]) -> [Int64]? {
        guard question.unit != nil || question.system != nil else { return nil }
        return codes.filter { _, code in
            (question.system == nil || code == question.system)
                && (question.unit == nil
                    || SystemCode(unchecked: code).unit.rawValue == question.unit)
        }.keys.sorted()
    }

    // MARK: hours and dates since 1970

    private static let zone = Timestamp.zoneOffset / Timestamp.millisecondsPerHour

    package static func date(of hour: Int64) -> Int64 {
        Int64(time(hour).date.daysSinceEpoch)
    }
    package static func hour(ofDate date: Int64) -> Int64 {
        date.multiplied(by: 24).subtracting(zone)
    }
    package static func time(_ hour: Int64) -> Timestamp {
        Timestamp(milliseconds: hour.multiplied(by: Timestamp.millisecondsPerHour))
    }
}
