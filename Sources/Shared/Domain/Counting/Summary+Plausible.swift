extension Timestamp {
    /// 2020 to 2100: what an honest clock can show. Others are refused where they enter, since sums with
    /// them would overflow.
    public static let plausible =
        Timestamp(
            milliseconds: 1_577_811_600_000)...Timestamp(
            milliseconds: 4_102_419_600_000)

    public var isPlausible: Bool { Self.plausible.contains(self) }

    /// Whether it lies within the years that can be told. At their ends stands what came from outside of them.
    public var isComputable: Bool { .first < self && self < .last }
}

extension Summary {
    /// Counts above this no honest agent sends; a thousand of them still add up in 64 bits.
    public static let counts = Int64(0)...(1 << 40)
    /// Ten years, in milliseconds: what a summary may tell of a clock's error. A larger one is told as that.
    public static let offsets = Int64(-315_576_000_000)...315_576_000_000

    /// Whether every number lies where an honest agent's can. Held before anything is computed with it.
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

    /// Parts of a seal: more than its ledgers can fill.
    public static let partsMax = 10_000
    /// Different reasons in the rows of one summary, kinds of what was dropped, kinds of refused sets.
    public static let reasonsMax = 32
    /// Of a bypass, in bytes: its reason and who ordered it.
    public static let noteBytesMax = 4096

    /// Texts of which nothing else bounds the length, and how many reasons there may be.
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
