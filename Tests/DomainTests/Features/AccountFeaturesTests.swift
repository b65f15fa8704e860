import Foundation
import Testing

@testable import Domain

@Suite("Features of an account") struct AccountFeaturesTests {
    static let hour = Timestamp("2026-11-24T09:00:00")!

    /// One attempt as a tracker would note it.
    struct Event {
        let millisecond: UInt32
        let isAllowed: Bool
        let subject: UInt64
        let source: UInt64
        let unit: String
        let birthplace: SubjectTally.Birthplace
        let step: SubjectRuns.Step?
    }

    static func events(_ seed: UInt64, _ count: Int) -> [Event] {
        var random = SeededValues(seed)
        var runs = SubjectRuns(window: 64)
        var at: UInt32 = 0
        return (0..<count).map { _ in
            let step = seed % 3 == 0 ? UInt32(40) : UInt32.random(in: 0...9000, using: &random)
            // Now and then the clock steps back.
            at =
                Int.random(in: 0..<50, using: &random) == 0
                ? at - min(at, 1500) : min(at + step, 3_599_999)
            let number = UInt64.random(in: 1...200, using: &random)
            return Event(
                millisecond: at, isAllowed: Bool.random(using: &random),
                subject: number &* 0x9E37_79B9_7F4A_7C15,
                source: UInt64.random(in: 1...4, using: &random) &* 0xC2B2_AE3D_27D4_EB4F,
                unit: "1.00\(Int.random(in: 1...4, using: &random))",
                birthplace: [.home, .elsewhere, .unplaced].randomElement(using: &random)!,
                step: runs.note(number))
        }
    }

    /// Nil for no events: nothing is told of an account that was not active.
    static func features(_ events: ArraySlice<Event>) -> AccountFeatures? {
        guard let first = events.first else { return nil }
        var rhythm = Rhythm(at: first.millisecond)
        for event in events.dropFirst() { rhythm.note(at: event.millisecond) }
        var sketches = AccountSketches()
        var tally = SubjectTally()
        var units = ServiceUnitCounts()
        for event in events {
            sketches.note(source: event.source)
            guard event.isAllowed else { continue }
            sketches.note(subject: event.subject)
            tally.note(event.birthplace)
            if let step = event.step { tally.note(step) }
            units.add(event.unit)
        }
        return AccountFeatures(
            login: Login("canbo 1")!, hour: hour, rhythm: rhythm,
            allowed: UInt32(events.count { $0.isAllowed }), subjects: tally, serviceUnits: units,
            sketches: sketches)
    }

    /// Sources and codes stand in the order of their coming, which a comparison leaves aside.
    static func settled(_ features: AccountFeatures?) -> String {
        guard var features else { return "" }
        features.serviceUnits = ServiceUnitCounts(
            features.serviceUnits.entries.sorted { $0.name < $1.name },
            others: features.serviceUnits.others)
        let ranked = features.sketches?.topSources.ranked.map { "\($0.key):\($0.count)" } ?? []
        return features.withoutSketches.text + (features.sketches?.subjects.text ?? "")
            + ranked.joined(separator: " ")
    }

    @Test("however an hour is cut, its parts told together equal one pass", arguments: 1...60)
    func cuts(_ seed: UInt64) {
        let events = Self.events(seed, Int(seed) * 9)
        let whole = Self.settled(Self.features(events[...]))
        var random = SeededValues(seed ^ 77)
        let cuts = (0..<4).map { _ in Int.random(in: 0...events.count, using: &random) }.sorted()
        let ends = [0] + cuts + [events.count]
        let parts = zip(ends, ends.dropFirst()).compactMap { Self.features(events[$0..<$1]) }
        func joined(_ parts: ArraySlice<AccountFeatures>) -> AccountFeatures? {
            guard var sum = parts.first else { return nil }
            for part in parts.dropFirst() { sum.merge(part) }
            return sum
        }
        #expect(Self.settled(joined(parts[...])) == whole)
        // Grouped otherwise: the last ones first.
        let middle = parts.count / 2
        if var left = joined(parts[..<middle]), let right = joined(parts[middle...]) {
            left.merge(right)
            #expect(Self.settled(left) == whole)
        }
    }

    @Test("coalesced intervals tell what one interval would have told")
    func intervals() {
        let events = Self.events(3, 300)
        func interval(_ range: Range<Int>, _ from: Int64) -> Interval {
            var interval = Interval(
                from: Self.hour.advanced(byMilliseconds: from),
                to: Self.hour.advanced(byMilliseconds: from + 1000))
            interval.features = FeatureLines(Self.features(events[range]).map { [$0] } ?? [])
            interval.sketchHash = "h\(from)"
            return interval
        }
        var sum = interval(0..<100, 0)
        let next = interval(100..<300, 1000)
        #expect(sum.mayCoalesce(with: next))
        sum.coalesce(next)
        #expect(sum.features.all.map(Self.settled) == [Self.settled(Self.features(events[...]))])
        #expect(sum.sketchHash == "h1000")
        #expect(FeatureLines(bytes: sum.features.bytes) == sum.features)
        // What was signed once has no sketches any more, so it is not told with others as one.
        var signed = next
        signed.features = FeatureLines(signed.features.all.map(\.withoutSketches))
        #expect(!interval(0..<100, 0).mayCoalesce(with: signed))
    }

    @Test("the text is read as it was written, with sketches and without", arguments: 1...20)
    func text(_ seed: UInt64) throws {
        let features = try #require(Self.features(Self.events(seed, Int(seed * seed))[...]))
        let read = try #require(AccountFeatures(text: features.text))
        #expect(read.text == features.text && read.sketches == features.sketches)
        #expect(read.distinct == features.distinct && read.isPlausible)
        let told = features.withoutSketches
        #expect(AccountFeatures(text: told.text) == told && told.sketches == nil)
        #expect(told.distinct == features.distinct)
    }

    @Test("what counts one query stays short")
    func short() throws {
        let features = try #require(Self.features(Self.events(4, 1)[...])).withoutSketches
        #expect(features.text.utf8.count < 70, "\(features.text)")
    }

    @Test(
        "numbers that contradict each other are refused before anything is computed with them",
        arguments: [
            ("2,1,1,3,3,3", "0,1,1,3,3,3"), ("2,1,1,3,3,3", "2,1,1,0,0,0"), ("2,8995", "0,8995"),
            (";3,3;", ";0,3;"), ("1.002", "%FF%FE"),
        ])
    func contradiction(_ part: String, _ other: String) {
        #expect(Self.line.contains(part))
        let text = Self.line.replacing(part, with: other, maxReplacements: 1)
        #expect(AccountFeatures(text: text)?.isPlausible != true)
    }

    static let line =
        "498986,5,9000,3,2;2,8995,40455013,300,9000;2,1,1,3,3,3;1;1,1,0;3,3;2,1,1,3;1.002:2 canbo 1"

    @Test(
        "lines that no honest agent sends are refused",
        arguments: [
            ("", true), ("498986,", false), ("3,2;", false), (" canbo 1", false),
            ("498986", false), ("9000,3,2", false), ("2,8995", false),
        ])
    func malformed(_ part: String, _ isWhole: Bool) {
        let text = isWhole ? Self.line : Self.line.replacing(part, with: "", maxReplacements: 1)
        #expect((AccountFeatures(text: text)?.isPlausible == true) == isWhole)
    }

    @Test(
        "numbers out of range are refused",
        arguments: [
            ("498986,", "99999999,"), ("498986,", "1,"), ("498986,", "99999999999999999999999,"),
            ("5,9000,3,2", "5,9000,3,4"), ("5,9000,3,2", "5,3600000,3,2"),
            ("5,9000,3,2", "5,9000,0,0"), ("5,9000,3,2", "5,9000,4294967296,2"),
            ("2,8995", "3,8995"), ("2,8995", "-1,8995"), ("2,1,1,3,3,3", "4,1,1,3,3,3"),
            ("2,1,1,3,3,3", "2,3,1,3,3,3"), ("2,1,1,3,3,3", "2,0,1,3,3,3"),
            (";1;1,1,0", ";0;1,1,0"), (";1;1,1,0", ";1000000000000000;1,1,0"),
            (";1;1,1,0", ";G;1,1,0"), ("1.002:2", "1.002"), ("1.002:2", "1.002:x"),
            ("1.002:2", "a:1,b:1,c:1,d:1,e:1"), ("1.002:2", "a:1,a:1"), ("1.002:2", "%4:1"),
            ("1.002:2", "1.002:2;x"), ("1.002:2 canbo 1", "1.002:2"),
        ])
    func implausible(_ from: String, _ to: String) {
        let text = Self.line.replacing(from, with: to, maxReplacements: 1)
        #expect(text != Self.line)
        #expect(AccountFeatures(text: text)?.isPlausible != true)
    }

    @Test("names with any bytes are kept, further groups of a later version passed over")
    func names() throws {
        var units = ServiceUnitCounts()
        units.add("1.001; x,:%*\u{1}ạ", 2)
        units.add(String(repeating: "l", count: 65))
        var read = try #require(ServiceUnitCounts(text: Array(units.text.utf8)[...]))
        #expect(read == units && read.others == 1)
        for number in 0..<9 { read.add("d\(number)") }
        #expect(read.entries.count == 4 && read.others == 7)
        let later = Self.line.replacing("1.002:2 ", with: "1.002:2;;7,7 ")
        #expect(AccountFeatures(text: later) == AccountFeatures(text: Self.line))
    }
}

@Suite("Rhythm and runs") struct RhythmTests {
    static func rhythm(_ milliseconds: [UInt32]) -> Rhythm {
        var rhythm = Rhythm(at: milliseconds[0])
        for millisecond in milliseconds.dropFirst() { rhythm.note(at: millisecond) }
        return rhythm
    }

    @Test("pauses, peaks and minutes")
    func sums() {
        let rhythm = Self.rhythm([0, 100, 999, 1000, 61_000, 61_001, 61_900, 62_500])
        #expect(rhythm.attempts == 8 && rhythm.gaps.count == 7 && rhythm.gaps.sum == 62_500)
        #expect(rhythm.perSecond.most == 3 && rhythm.perMinute.most == 4)
        #expect(rhythm.minutes == 0b11 && rhythm.activeMinutes == 2)
    }

    @Test("a metronome has no spread, arrivals at random as much as their mean")
    func spread() throws {
        let metronome = Self.rhythm((0..<400).map { $0 * 8000 })
        #expect(metronome.gaps.coefficientOfVariation == 0 && metronome.gaps.logDeviation == 0)
        #expect(metronome.gaps.mean == 8000)
        var random = SeededValues(9)
        var at: UInt32 = 0
        let poisson = Self.rhythm(
            (0..<700).map { _ in
                at += UInt32(-log(Double.random(in: 0.000_01..<1, using: &random)) * 5000)
                return at
            })
        let variation = try #require(poisson.gaps.coefficientOfVariation)
        let deviation = try #require(poisson.gaps.logDeviation)
        #expect((0.9...1.1).contains(variation) && (1.6...2.1).contains(deviation))
        // One long pause: the plain spread is worthless then, the logarithms still say "a machine".
        let paused = Self.rhythm((0..<300).map { $0 * 8000 + ($0 > 200 ? 900_000 : 0) })
        #expect((paused.gaps.coefficientOfVariation ?? 0) > 3)
        #expect((paused.gaps.logDeviation ?? 9) < 0.5)
    }

    @Test(
        "logarithms rise by sixteenths",
        arguments: [
            (UInt32(0), UInt32(0)), (1, 16), (2, 24), (3, 32), (1023, 160), (3_600_000, 347),
        ])
    func logarithm(_ gap: UInt32, _ sixteenths: UInt32) {
        #expect(ArrivalGaps.logarithm(gap) == sixteenths)
    }

    @Test(
        "runs: longest and how many numbers stand in runs of three and more",
        arguments: [
            ([UInt64(5), 6, 7, 8], 4, 4), ([8, 7, 6, 5], 4, 4), ([5, 7, 6], 3, 3),
            ([1, 2, 4, 5, 3], 5, 5), ([1, 3, 5, 7], 1, 0), ([1, 2, 1, 2], 2, 0),
            ([1, 2, 3, 7, 8, 9, 3, 9], 3, 6), ([0, 1, 2], 3, 3),
            ([1, 100, 2, 200, 3, 300, 4], 4, 4),
        ])
    func runs(_ numbers: [UInt64], _ longest: Int, _ joined: Int) {
        var runs = SubjectRuns()
        let steps = numbers.compactMap { runs.note($0) }
        #expect(steps.map(\.length).max() == longest)
        #expect(steps.map(\.joined).reduce(0, +) == joined)
    }

    @Test(
        "shuffled sweeps are found as long as they fit the window, and it stays bounded",
        arguments: 1...10)
    func shuffled(_ seed: UInt64) {
        var random = SeededValues(seed)
        var runs = SubjectRuns(window: 1000)
        var joined = 0
        var longest = 0
        for number in (1000..<1500).shuffled(using: &random) {
            // Between them queries of others, far apart.
            _ = runs.note(UInt64.random(in: 1 << 30...1 << 39, using: &random))
            guard let step = runs.note(UInt64(number)) else { continue }
            joined += step.joined
            longest = max(longest, step.length)
        }
        #expect(joined == 500 && longest == 500)
    }

    @Test("random subjects hardly ever look like a sweep")
    func random() {
        var random = SeededValues(4)
        var runs = SubjectRuns()
        var joined = 0
        for _ in 0..<100_000 {
            // Three provinces, a hundred years and sexes, a million numbers each.
            let group = UInt64.random(in: 0..<300, using: &random)
            let number = group * 1_000_000 + UInt64.random(in: 0..<1_000_000, using: &random)
            joined += runs.note(number)?.joined ?? 0
        }
        #expect(joined < 30)
    }

    @Test("a subject's number is its twelve digits, and nothing else is one")
    func numbers() {
        #expect(SubjectRuns.number("001099000001") == 1_099_000_001)
        for text in ["", "00109900000", "0010990000010", "00109900000x", "０01099000001"] {
            #expect(SubjectRuns.number(text) == nil)
        }
    }
}

@Suite("Keys of the day") struct DayKeyTests {
    @Test(
        "a policy always holds the key of today; systems change over within the first hour",
        arguments: [UInt64(0), 17, 59, 60, 12_345])
    func dates(_ place: UInt64) throws {
        for (clock, isSettled) in [
            ("00:00:00", false), ("00:59:00", true), ("12:00:00", true), ("23:59:59", true),
        ] {
            let now = try #require(Timestamp("2026-11-24T\(clock)"))
            let dates = DayKey.dates(at: now, place: place)
            #expect(dates.contains(now.date) && dates.count == 2)
            if isSettled { #expect(dates == [now.date, now.date.next]) }
        }
        let midnight = try #require(Timestamp("2026-11-24T00:00:00"))
        #expect((DayKey.dates(at: midnight, place: 17)[0] == midnight.date) == false)
        #expect("\(DayKey(date: midnight.date, key: "geheim"))".contains("geheim") == false)
    }
}
