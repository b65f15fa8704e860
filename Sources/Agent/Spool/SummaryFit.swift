import Domain
import Wire

/// Makes of an interval what a collector takes. One number, name or hour out of bounds would have the whole summary
/// refused, with everything else that was counted. So what is out of bounds is brought to the nearest value that may
/// be told, and what cannot be told at all is left out and counted. Hardly anything that this version counts needs
/// it, but spools of earlier versions, torn ledgers and clocks that were set may.
///
/// The bounds are those of `Summary.isPlausible` and docs/wire-format.md, "Who may say what".
struct SummaryFit {
    /// A kind of `dropped`: queries told under another hour, window, name or reason than they were counted under.
    /// They are in the totals.
    static let mended = "mended"
    /// A kind of `dropped`: notes of breaches that were not told. Their queries are in the totals.
    static let breaches = "breaches"
    /// The name for reasons and kinds whose own name may not be told.
    static let other = "other"
    /// The most that an interval can hold; a greater number is torn.
    static let countMax = Int64(clamping: LedgerFile.countMax)

    let system: SystemCode
    /// No interval begins before it, and no hour lies before it.
    let oldest: Timestamp
    let latest: Timestamp
    let window: (Timestamp) -> WindowKind

    /// `now` is the time as the collector would tell it.
    init(
        system: SystemCode, enrolledAt: Timestamp, now: Timestamp,
        window: @escaping (Timestamp) -> WindowKind
    ) {
        self.system = system
        let reach = min(enrolledAt, now).advanced(byMilliseconds: -Limits.hoursBackMilliseconds)
        oldest = min(max(reach, Timestamp.plausible.lowerBound), Timestamp.plausible.upperBound)
        // This is a day less than allowed, since the collector's time may be a little before ours.
        let ahead = now.advanced(
            byMilliseconds: Limits.aheadMillisecondsMax - Timestamp.millisecondsPerDay)
        latest = max(oldest, min(ahead, Timestamp.plausible.upperBound))
        self.window = window
    }

    func fitted(_ interval: Interval) -> Interval {
        var fit = interval
        fit.from = min(max(interval.from, oldest), latest)
        fit.to = min(max(interval.to, fit.from), latest)
        fit.downtime = interval.downtime.map {
            .init(from: plausible($0.from), to: plausible($0.to), outcome: $0.outcome)
        }
        fit.dropped = kinds(interval.dropped)
        fit.bypass = interval.bypass.map(note)
        if interval.sketchHash?.utf8.count != 43 { fit.sketchHash = nil }
        if let returns = interval.returns, !Summary.counts.contains(returns) { fit.returns = nil }
        if let part = interval.part,
            !(1...Summary.partsMax).contains(part.n)
                || !(part.n...Summary.partsMax).contains(part.of)
        {
            fit.part = nil
        }
        fitRows(&fit)
        fitBreaches(&fit)
        fit.refusals = interval.refusals.filter { isReasonName($0.lock) }.map {
            .init(
                lock: $0.lock, first: plausible($0.first),
                count: min(max($0.count, 0), Self.countMax / 2))
        }
        fitFeatures(&fit)
        return fit
    }

    /// Limits kinds of `dropped` and `refused_sets` to plain names, and their number; one name sums up the rest.
    func kinds(_ counts: [String: Int64]) -> [String: Int64] {
        guard
            counts.count > Self.kindsMax
                || !counts.allSatisfy({
                    isReasonName($0.key) && Summary.counts.contains($0.value)
                })
        else { return counts }
        var fit: [String: Int64] = [:]
        for (kind, count) in counts.sorted(by: { $0.key < $1.key }) {
            let isKept = isReasonName(kind) && fit.count < Self.kindsMax - 1
            let name = isKept ? kind : Self.other
            let sum = fit[name, default: 0].adding(max(0, count))
            fit[name] = min(sum, Summary.counts.upperBound)
        }
        return fit
    }

    /// Fewer than may be told, since losses and what is folded below join them.
    private static let kindsMax = 24

    func plausible(_ time: Timestamp) -> Timestamp {
        min(max(time, Timestamp.plausible.lowerBound), Timestamp.plausible.upperBound)
    }

    private func note(_ bypass: BypassNote) -> BypassNote {
        BypassNote(
            from: plausible(bypass.from), until: plausible(bypass.until),
            reason: Self.cut(bypass.reason), by: Self.cut(bypass.by))
    }

    /// Cuts a text to the bytes that may be told, at a whole character.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > Summary.noteBytesMax else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: Summary.noteBytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }

    // MARK: rows

    /// The hours within which rows may lie.
    private struct Span {
        /// The first hour for what a log told late.
        let reach: Timestamp
        /// The first hour for what was refused, since a refusal is counted when it happens.
        let start: Timestamp
        let first: Timestamp
        let end: Timestamp
        let last: Timestamp

        init(_ interval: Interval, oldest: Timestamp) {
            let tolerance = Limits.hoursToleranceMilliseconds
            let back = interval.from.advanced(byMilliseconds: -Limits.hoursBackMilliseconds)
            reach = max(oldest, back).hourStart
            start = interval.from.advanced(
                byMilliseconds: -tolerance - Timestamp.millisecondsPerHour)
            first = interval.from.hourStart
            end = interval.to.advanced(byMilliseconds: tolerance)
            last = interval.to.hourStart
        }
    }

    private func fitRows(_ interval: inout Interval) {
        let span = Span(interval, oldest: oldest)
        let names = reasonsKept(interval.rows)
        guard names != nil || !interval.rows.allSatisfy({ isFit($0, span) }) else { return }
        var mended: Int64 = 0
        var torn: Int64 = 0
        interval.rows = interval.rows.flatMap { row in
            let fit = self.fit(row, span, names, torn: &torn)
            if fit != [row] { mended = fit.reduce(mended) { $0.adding($1.queries) } }
            return fit
        }
        note(mended, as: Self.mended, in: &interval)
        note(torn, as: "torn", in: &interval)
    }

    private func isFit(_ row: SummaryRow, _ span: Span) -> Bool {
        row.hour >= span.reach && row.hour <= span.end
            && (row.denied.isEmpty || row.hour > span.start)
            && row.login.rawValue.utf8.count <= Self.nameBytesMax
            && row.service.rawValue.utf8.count <= Self.nameBytesMax
            && row.isPlausible && row.allowed <= Self.countMax && row.passed <= Self.countMax
            && row.denied.values.allSatisfy { $0 <= Self.countMax }
            && row.would.values.allSatisfy { $0 <= Self.countMax }
    }

    private static let nameBytesMax = 256

    /// The reasons that may be told; nil when all may be told as they are.
    private func reasonsKept(_ rows: [SummaryRow]) -> Set<String>? {
        var reasons: Set<String> = []
        for row in rows where !row.denied.isEmpty || !row.would.isEmpty {
            reasons.formUnion(row.denied.keys)
            reasons.formUnion(row.would.keys)
        }
        guard reasons.count > 16 || !reasons.allSatisfy(isReasonName) else { return nil }
        return Set(DenialReason.allCases.map(\.wireName))
    }

    private func fit(
        _ row: SummaryRow, _ span: Span, _ names: Set<String>?, torn: inout Int64
    ) -> [SummaryRow] {
        var row = row
        if row.login.rawValue.utf8.count > Self.nameBytesMax { row.login = .folded }
        if row.service.rawValue.utf8.count > Self.nameBytesMax { row.service = .folded }
        func fit(_ count: Int64) -> Int64 {
            guard count > Self.countMax || count < 0 else { return count }
            torn += 1
            return 0
        }
        func fit(_ counts: [String: Int64]) -> [String: Int64] {
            var kept: [String: Int64] = [:]
            for (reason, count) in counts {
                let name = names.map { $0.contains(reason) ? reason : Self.other } ?? reason
                kept[name] = min(kept[name, default: 0].adding(fit(count)), Self.countMax)
            }
            return kept
        }
        (row.allowed, row.passed) = (fit(row.allowed), fit(row.passed))
        (row.denied, row.would) = (fit(row.denied), fit(row.would))
        var rows = [row]
        if !row.denied.isEmpty, row.hour <= span.start {
            rows[0].denied = [:]
            rows.append(
                SummaryRow(
                    login: row.login, service: row.service, hour: row.hour, window: row.window,
                    denied: row.denied))
            move(&rows[1], to: span.first)
            if rows[0].queries == 0, row.would.isEmpty { rows.removeFirst() }
        }
        for place in rows.indices {
            let hour = rows[place].hour
            if hour < span.reach { move(&rows[place], to: span.reach) }
            if hour > span.end { move(&rows[place], to: span.last) }
            move(&rows[place], to: rows[place].hour.hourStart)
        }
        return rows
    }

    private func move(_ row: inout SummaryRow, to hour: Timestamp) {
        guard row.hour != hour else { return }
        row.hour = hour
        row.window = window(hour)
    }

    // MARK: breaches, features

    private func fitBreaches(_ interval: inout Interval) {
        let all = interval.breaches
        interval.breaches = all.filter {
            [.r1, .r2, .r3].contains($0.rule) && $0.scope.system == system
                && $0.key.utf8.count <= 64
        }.map {
            Breach(
                rule: $0.rule, scope: $0.scope, key: $0.key, k: min(max($0.k, 0), 1 << 40),
                at: plausible($0.at), count: min(max($0.count, 0), 1 << 40),
                threshold: min(max($0.threshold, 0), 1 << 40))
        }
        note(Int64(all.count - interval.breaches.count), as: Self.breaches, in: &interval)
    }

    private func fitFeatures(_ interval: inout Interval) {
        let span = Span(interval, oldest: oldest)
        let lines = interval.features.lines.map { AccountFeatures(line: $0) }
        func isFit(_ features: AccountFeatures?) -> Bool {
            guard let features else { return false }
            return features.isPlausible && features.hour >= span.reach && features.hour <= span.end
        }
        guard !lines.allSatisfy(isFit) else { return }
        interval.features = FeatureLines(lines.compactMap { isFit($0) ? $0 : nil })
        let left = lines.filter { !isFit($0) }
        note(
            left.reduce(0) { $0 + ($1.map { Int64($0.rhythm.attempts) } ?? 1) }, as: "features",
            in: &interval)
    }

    private func note(_ count: Int64, as kind: String, in interval: inout Interval) {
        guard count > 0 else { return }
        let sum = interval.dropped[kind, default: 0].adding(count)
        interval.dropped[kind] = min(sum, Summary.counts.upperBound)
    }
}
