extension Timestamp {
    /// The years 2020 to 2100, which an honest clock can show. Other times are refused where they enter, since sums
    /// with them would overflow.
    public static let plausible =
        Timestamp(
            milliseconds: 1_577_811_600_000)...Timestamp(
            milliseconds: 4_102_419_600_000)

    public var isPlausible: Bool { Self.plausible.contains(self) }

    /// Whether the time lies between the ends of the range, to which times from outside were moved.
    public var isComputable: Bool { .first < self && self < .last }
}

extension Summary {
    /// No honest agent sends a higher count; a thousand of the highest still add up in 64 bits.
    public static let counts = Int64(0)...(1 << 40)
    /// Ten years in milliseconds: the greatest clock error that a summary tells. A greater one is told as this.
    public static let offsets = Int64(-315_576_000_000)...315_576_000_000

    /// Whether every number lies where an honest agent's can. Checked before anything is computed with the summary.
    public var isPlausible: Bool {
        let times =
            [from, to] + rows.map(\.hour) + breaches.map(\.at) + refusals.map(\.first)
            + [downtime?.from, downtime?.to, bypass?.from, bypass?.until].compactMap { $0 }
        let numbers =
            Array(dropped.values) + Array(refusedSets.values) + refusals.map(\.count)
            + breaches.flatMap { [$0.count, $0.threshold, Int64($0.k)] }
        return v == 1 && times.allSatisfy(\.isPlausible) && from <= to
            && numbers.allSatisfy(Self.counts.contains)
            && rows.count <= 10_000 && rows.allSatisfy(\.isPlausible)
            && Self.counts.contains(
                rows.reduce(0) { $0.adding($1.allowed).adding($1.passed).adding($1.deniedTotal) })
            && Self.counts.contains(
                rows.reduce(0) { $1.would.values.reduce($0) { $0.adding($1) } })
            && Self.counts.contains(refusals.reduce(0) { $0.adding($1.count) })
            && features.count <= 10_000
            // Sketches of accounts never leave an agent (docs/domain.md#promise-4).
            && features.allSatisfy { $0.isPlausible && $0.sketches == nil }
            && (sketchHash?.utf8.count ?? 43) == 43
            && breaches.count <= 2000 && refusals.count <= 2000
            && dropped.count <= Self.reasonsMax && refusedSets.count <= Self.reasonsMax
            && dropped.keys.allSatisfy(isReasonName) && refusedSets.keys.allSatisfy(isReasonName)
            && namesArePlausible
            && (clockOffsetMilliseconds.map(Self.offsets.contains) ?? true)
            && (returns.map(Self.counts.contains) ?? true)
            && Self.counts.contains(seq) && Self.counts.contains(epoch)
            && Self.counts.contains(everyMilliseconds)
            && (1...Self.partsMax).contains(part.n) && (part.n...Self.partsMax).contains(part.of)
    }

    /// The most parts of a seal; more than its ledgers can fill.
    public static let partsMax = 10_000
    /// The most different reasons in the rows of one summary, kinds of what was dropped, or kinds of refused sets.
    public static let reasonsMax = 32
    /// The most bytes in a bypass's reason, and in the name of who ordered it.
    public static let noteBytesMax = 4096

    /// Whether the texts that nothing else bounds are short enough, and the reasons few enough.
    private var namesArePlausible: Bool {
        var reasons: Set<String> = []
        for row in rows where !row.denied.isEmpty || !row.would.isEmpty {
            reasons.formUnion(row.denied.keys)
            reasons.formUnion(row.would.keys)
        }
        return reasons.count <= Self.reasonsMax && prev.utf8.count <= 64
            && breaches.allSatisfy { $0.key.utf8.count <= 64 }
            && refusals.allSatisfy { isReasonName($0.lock) }
            && (bypass.map { max($0.reason.utf8.count, $0.by.utf8.count) <= Self.noteBytesMax }
                ?? true)
    }
}
