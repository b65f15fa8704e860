import Testing

@testable import Domain

@Suite("Sketches merge exactly") struct SketchMergeTests {
    /// Values with repetitions, in three heaps that overlap.
    static func heaps(_ seed: UInt64, _ size: Int) -> [[UInt64]] {
        var random = SeededValues(seed)
        let pool = Array(SeededValues(seed &+ 1000).prefix(size))
        return (0..<3).map { _ in
            (0..<size).map { _ in pool[Int.random(in: 0..<size, using: &random)] }
        }
    }

    @Test(
        "DistinctCounter: the merge is the counter of the union, in any grouping",
        arguments: [1, 2, 10, 150, 192, 193, 194, 500, 5000], [UInt64(1), 2, 3])
    func distinct(_ size: Int, _ seed: UInt64) {
        func counter(_ values: [UInt64]) -> DistinctCounter {
            values.reduce(into: DistinctCounter()) { $0.insert($1) }
        }
        func merged(_ a: DistinctCounter, _ b: DistinctCounter) -> DistinctCounter {
            var a = a
            a.merge(b)
            return a
        }
        let heaps = Self.heaps(seed, size)
        let (a, b, c) = (counter(heaps[0]), counter(heaps[1]), counter(heaps[2]))
        let union = counter(heaps.flatMap { $0 }.shuffled())
        #expect(merged(merged(a, b), c) == union)
        #expect(merged(a, merged(b, c)) == union)
        #expect(merged(c, merged(b, a)) == union)
        #expect(merged(union, union) == union)
        #expect(merged(DistinctCounter(), a) == a && merged(a, DistinctCounter()) == a)
        #expect(DistinctCounter(text: union.text.utf8) == union)
        #expect(DistinctCounter(text: a.text.utf8) == a)
    }

    @Test(
        "KeyedMinimum: the merge is the sketch of the union, in any grouping",
        arguments: [1, 10, 63, 64, 65, 1000, 5000], [UInt64(1), 2, 3])
    func minimum(_ size: Int, _ seed: UInt64) {
        func set(_ values: [UInt64]) -> KeyedMinimum {
            values.reduce(into: KeyedMinimum(k: 64)) { $0.insert($1) }
        }
        func merged(_ a: KeyedMinimum, _ b: KeyedMinimum) -> KeyedMinimum {
            var a = a
            a.merge(b)
            return a
        }
        let heaps = Self.heaps(seed, size)
        let (a, b, c) = (set(heaps[0]), set(heaps[1]), set(heaps[2]))
        let union = set(heaps.flatMap { $0 }.shuffled())
        #expect(union.values == Array(Set(heaps.flatMap { $0 }).sorted().prefix(64)))
        #expect(merged(merged(a, b), c) == union)
        #expect(merged(a, merged(c, b)) == union)
        #expect(merged(union, a) == union)
        #expect(KeyedMinimum(text: union.text.utf8) == union)
    }

    @Test("TopSources: exact while there are no more than k, bounded beyond", arguments: 1...20)
    func top(_ seed: UInt64) {
        var random = SeededValues(seed)
        let kinds = seed <= 5 ? 8 : 60
        var (a, b) = (TopSources(k: 8), TopSources(k: 8))
        var exact: [UInt64: UInt32] = [:]
        for turn in 0..<4000 {
            // Low keys come far more often than high ones.
            let key = UInt64(
                Int.random(in: 0..<Int.random(in: 1...kinds, using: &random), using: &random))
            exact[key, default: 0] += 1
            if turn % 2 == 0 { a.add(key) } else { b.add(key) }
        }
        a.merge(b)
        #expect(a.entries.count == min(8, exact.count))
        for entry in a.entries {
            let count = exact[entry.key] ?? 0
            #expect(count <= entry.count && entry.count <= count + entry.error)
            if kinds <= 8 { #expect(entry.error == 0) }
        }
        let kept = Set(a.entries.map(\.key))
        for (key, count) in exact where count > 4000 / 8 { #expect(kept.contains(key)) }
        #expect(TopSources(text: a.text.utf8) == a)
        #expect(a.ranked.map(\.count) == a.entries.map(\.count).sorted(by: >))
    }

    @Test("a quiet account's counter is small, and never larger than its registers")
    func small() {
        var counter = DistinctCounter()
        for (index, value) in SeededValues(5).prefix(1000).enumerated() {
            counter.insert(value)
            #expect(counter.bytes.count == (index < 192 ? 1 + 4 * (index + 1) : 1025))
            if index < 192 { #expect(counter.estimate == Double(index + 1)) }
        }
        #expect(counter.bytes.count == 1025)
    }
}

@Suite("What is no sketch is refused") struct SketchTextTests {
    @Test(
        arguments: [
            "", "A", "Cg=", "Cg==", "Cg*", "Cgw", "/wo", "AAAA", "CgAAAAA", "CgAAAAE", "BwAAAEI",
            "CgAAAEIAAABC", "CgAAAIIAAABC", "CgAAAGg",
        ])
    func distinct(_ text: String) {
        // Only coupons in ascending order with a rank of 1 to 39 and a precision of 4 to 16 are one.
        let isOne = ["CgAAAAE", "BwAAAEI"].contains(text)
        #expect((DistinctCounter(text: text.utf8) != nil) == isOne)
    }

    @Test func registers() {
        var bytes = [UInt8](repeating: 55, count: 1025)
        bytes[0] = 10
        #expect(DistinctCounter(bytes: bytes) != nil)
        bytes[7] = 56
        #expect(DistinctCounter(bytes: bytes) == nil)
        #expect(DistinctCounter(bytes: Array(bytes.dropLast())) == nil)
    }

    @Test func minimum() {
        func text(_ k: UInt16, _ values: [UInt64]) -> String {
            var bytes = SketchBytes()
            bytes.put(k)
            for value in values { bytes.put(value) }
            return bytes.text
        }
        #expect(KeyedMinimum(text: text(16, [1, 2, 3]).utf8)?.estimate == 3)
        #expect(KeyedMinimum(text: text(16, [2, 1]).utf8) == nil)
        #expect(KeyedMinimum(text: text(16, [1, 1]).utf8) == nil)
        #expect(KeyedMinimum(text: text(15, [1]).utf8) == nil)
        #expect(KeyedMinimum(text: text(16, Array(1...17)).utf8) == nil)
        #expect(KeyedMinimum(text: (text(16, [1]) + "AA").utf8) == nil)
        // The smallest value of all does not divide by nothing.
        #expect(KeyedMinimum(text: text(16, Array(0...15)).utf8)?.estimate.isFinite == true)
    }

    @Test func system() throws {
        let date = try #require(CalendarDate("2026-11-24"))
        var sketch = SystemSketch(date: date)
        for value in SeededValues(3).prefix(3000) {
            sketch.note(subject: value)
            sketch.note(source: value % 700)
        }
        #expect(SystemSketch(text: sketch.text) == sketch)
        #expect(sketch.text.utf8.count < SystemSketch.textBytesMax)
        #expect(SystemSketch(text: sketch.text + " ") == nil)
        #expect(SystemSketch(text: sketch.text.replacing("2026-11-24", with: "2026-11-31")) == nil)
        #expect(SystemSketch(text: String(repeating: "A", count: 50_000)) == nil)
    }
}
