import Domain
import Platform
import Seeds
import Testing

@testable import Agent

@Suite("FeatureTracker") struct FeatureTrackerTests {
    @Test("tells officers, sources, birthplaces, codes and runs of an account, and nobody's number")
    func one() throws {
        let tracker = Sample.tracker()
        for index in 0..<8 {
            tracker.note(
                Sample.sighting(
                    at: Sample.nine.plus(Int64(index) * 1000),
                    subject: index < 4
                        ? Sample.subject(700 + index) : Sample.subject(index * 5, place: 79),
                    source: "10.0.0.\(index % 2)",
                    officer: index == 7 ? "000099000077" : "000099000001",
                    unit: index < 6 ? "1.00\(index % 2)" : ""))
        }
        tracker.note(Sample.sighting(at: Sample.nine.plus(9000), subject: "140099000001"))
        tracker.note(Sample.sighting(at: Sample.nine.plus(9001), subject: "CMND 012345678"))
        let features = try #require(tracker.takeInterval(at: Sample.nine).accounts.all.first)
        #expect(features.login.rawValue == "canbo1" && features.hour == Sample.nine)
        #expect(features.allowed == 10 && features.rhythm.attempts == 10)
        let tally = features.subjects
        #expect(tally.home == 4 && tally.elsewhere == 4 && tally.unplaced == 2)
        #expect(tally.longestRun == 4 && tally.inRuns == 4)
        #expect(
            features.distinct
                == DistinctCounts(subjects: 10, officers: 2, sources: 2, topSource: 4))
        #expect(features.serviceUnits.entries.map(\.name).sorted() == ["1.000", "1.001"])
        #expect(features.serviceUnits.entries.map(\.count) == [3, 3])
        let text = features.withoutSketches.text
        for secret in ["000099", "001099", "140099", "10.0.0"] { #expect(!text.contains(secret)) }
        #expect(features.isPlausible)
        #expect(tracker.takeInterval(at: Sample.nine).accounts.isEmpty, "released at the seal")
    }

    @Test("refused queries show in the rhythm, and nobody's subject in the sketches")
    func denied() throws {
        let tracker = Sample.tracker()
        for index in 0..<5 {
            tracker.note(
                Sample.sighting(
                    at: Sample.nine.plus(Int64(index)), subject: Sample.subject(index),
                    source: "10.0.0.9", unit: "1.001", denied: .r1))
        }
        let taken = tracker.takeInterval(at: Sample.nine)
        let features = try #require(taken.accounts.all.first)
        #expect(features.allowed == 0 && features.rhythm.attempts == 5)
        #expect(features.rhythm.perSecond.most == 5)
        #expect(
            features.distinct == DistinctCounts(subjects: 0, officers: 0, sources: 1, topSource: 5))
        #expect(features.subjects == SubjectTally() && features.serviceUnits == ServiceUnitCounts())
        #expect(taken.sketch?.subjects.isEmpty == true && taken.sketch?.sources.estimate == 1)
    }

    @Test("without a key of the day there are no sketches, and it is said of how many queries")
    func unkeyed() {
        let tracker = Sample.tracker(keys: [Sample.today.previous])
        for index in 0..<7 {
            tracker.note(Sample.sighting(subject: Sample.subject(index * 2), source: "10.0.0.1"))
        }
        tracker.note(Sample.sighting())
        let taken = tracker.takeInterval(at: Sample.nine)
        #expect(taken.dropped == ["sketch": 7] && taken.sketch == nil)
        #expect(taken.accounts.all.first?.distinct == DistinctCounts())
        #expect(taken.accounts.all.first?.rhythm.attempts == 8)
        // The key comes with a later policy.
        tracker.adopt(Sample.rules(), at: Sample.nine)
        tracker.note(Sample.sighting(subject: Sample.subject(1)))
        #expect(tracker.takeInterval(at: Sample.nine).sketch?.subjects.estimate == 1)
    }

    @Test("a key is dropped a minute after its day; nothing can be hashed under it then")
    func keyEnds() {
        let tracker = Sample.tracker()
        let midnight = Timestamp(Sample.today.next)
        tracker.forget(before: midnight.plus(59_000))
        #expect(tracker.keyMark(Sample.today) != nil)
        tracker.forget(before: midnight.plus(60_000))
        #expect(tracker.keyMark(Sample.today) == nil && tracker.keyMark(Sample.today.next) != nil)
        // The policy on the disk may still carry it: it is not taken up again.
        tracker.adopt(Sample.rules(), at: midnight.plus(61_000))
        #expect(tracker.keyMark(Sample.today) == nil)
    }

    @Test("the same subjects give the same sketch at two units, under one key only")
    func comparable() throws {
        func sketch(_ subjects: Range<Int>, seed: UInt8) throws -> SystemSketch {
            let tracker = FeatureTracker(Sample.rules(seed: seed), at: Sample.nine)
            for index in subjects { tracker.note(Sample.sighting(subject: Sample.subject(index))) }
            return try #require(tracker.takeInterval(at: Sample.nine).sketch)
        }
        let a = try sketch(0..<600, seed: 1)
        #expect(a.subjects.intersection(try sketch(400..<1000, seed: 1).subjects) == 200)
        #expect(a.subjects.intersection(try sketch(400..<1000, seed: 2).subjects) == 0)
    }

    @Test(
        "the day's sketch is told every ten minutes, at the end of its day, and when the agent stops"
    )
    func due() {
        let tracker = Sample.tracker()
        var number = 0
        func sketch(at time: Timestamp) -> SystemSketch? {
            number += 1
            tracker.note(Sample.sighting(at: time, subject: Sample.subject(number * 7)))
            return tracker.takeInterval(at: time).sketch
        }
        #expect(sketch(at: Sample.nine)?.subjects.estimate == 1)
        #expect(sketch(at: Sample.nine.plus(60_000)) == nil)
        #expect(sketch(at: Sample.nine.plus(599_000)) == nil)
        #expect(sketch(at: Sample.nine.plus(600_000))?.subjects.estimate == 4)
        let late = Timestamp("2026-11-24T23:59:59")!
        #expect(sketch(at: late)?.subjects.estimate == 5)
        // Noted just before midnight, sealed after: the day's last sketch, then the new day's first.
        tracker.note(Sample.sighting(at: late, subject: Sample.subject(9999)))
        let after = Timestamp("2026-11-25T00:00:01")!
        let last = sketch(at: after)
        #expect(last?.date == Sample.today && last?.subjects.estimate == 6)
        #expect(tracker.takeInterval(at: after).sketch?.date == Sample.today.next)
        #expect(sketch(at: after.plus(1000)) == nil)
        tracker.hurry()
        #expect(tracker.takeInterval(at: after.plus(2000)).sketch?.subjects.estimate == 2)
        #expect(tracker.takeInterval(at: after.plus(9_000_000)).sketch == nil, "nothing new")
    }

    @Test("a restart goes on with the day's sketch, unless the key is another now")
    func resume() throws {
        let tracker = Sample.tracker()
        tracker.note(Sample.sighting(subject: Sample.subject(1)))
        let first = try #require(tracker.takeInterval(at: Sample.nine).sketch)
        let mark = try #require(tracker.keyMark(Sample.today))
        for (seed, expected) in [(UInt8(1), 2.0), (2, 1.0)] {
            let next = FeatureTracker(Sample.rules(seed: seed), at: Sample.nine)
            next.resume(KeptSketch(sketch: first, keyMark: mark))
            next.note(Sample.sighting(subject: Sample.subject(2)))
            #expect(next.takeInterval(at: Sample.nine).sketch?.subjects.estimate == expected)
        }
        // A key that changes while the agent runs: what was hashed under the former is left out.
        tracker.adopt(Sample.rules(seed: 2), at: Sample.nine)
        tracker.note(Sample.sighting(subject: Sample.subject(2)))
        let later = Sample.nine.plus(600_000)
        #expect(tracker.takeInterval(at: later).sketch?.subjects.estimate == 1)
    }

    @Test("made-up logins fold together; registered ones are kept apart, and all of it is counted")
    func flood() throws {
        let tracker = Sample.tracker(accounts: 100)
        for index in 0..<5000 { tracker.note(Sample.sighting("ma\(index)")) }
        for index in 0..<100 { tracker.note(Sample.sighting("canbo\(index)")) }
        let taken = tracker.takeInterval(at: Sample.nine)
        #expect(taken.accounts.all.count == 100 + HourRecords.othersMax + 1)
        #expect(taken.dropped == ["features": Int64(5000 - HourRecords.othersMax)])
        let other = try #require(taken.accounts.all.first { $0.login == .folded })
        #expect(Int(other.rhythm.attempts) == 5000 - HourRecords.othersMax)
        #expect(taken.accounts.all.filter { $0.login.rawValue.hasPrefix("canbo") }.count == 100)
        #expect(taken.accounts.all.map { Int($0.rhythm.attempts) }.reduce(0, +) == 5100)
    }

    @Test("hours are told apart; a clock that jumps between them costs no memory")
    func hours() {
        let tracker = Sample.tracker()
        for turn in 0..<1000 {
            tracker.note(
                Sample.sighting(at: Sample.nine.plus(turn % 2 == 0 ? 3_599_000 : 3_600_000)))
        }
        tracker.note(Sample.sighting("?"))
        let accounts = tracker.takeInterval(at: Sample.nine).accounts.all
        #expect(accounts.map(\.hour).sorted() == [Sample.nine, Sample.nine.plus(3_600_000)])
        #expect(accounts.map(\.rhythm.attempts) == [500, 500])
        #expect(accounts.allSatisfy { $0.isPlausible })
    }

    @Test("a sweep shared by five logins, shuffled between others' queries, is one run")
    func sweep() {
        let tracker = Sample.tracker()
        var random = Chance(seed: 6383)
        for (turn, number) in (1000..<1500).shuffled(using: &random).enumerated() {
            tracker.note(
                Sample.sighting(
                    "canbo\(turn % 5)", at: Sample.nine.plus(Int64(turn) * 100),
                    subject: Sample.subject(number)))
            tracker.note(
                Sample.sighting(
                    "canbo9", at: Sample.nine.plus(Int64(turn) * 100),
                    subject: Sample.subject(turn * 13, place: 33)))
            if turn % 60 == 0 { _ = tracker.takeInterval(at: Sample.nine) }
        }
        // What was found in the last interval is the end of the run, since it was nearly whole before.
        let accounts = tracker.takeInterval(at: Sample.nine).accounts.all
        #expect(accounts.map { Int($0.subjects.longestRun) }.max() == 500)
        let clerk = accounts.first { $0.login.rawValue == "canbo9" }
        #expect(clerk?.subjects.inRuns == 0)
    }

    @Test("every code of birth_codes.csv belongs to a unit; others are unplaced")
    func birthplaces() {
        #expect(Birthplaces.table.count == 63)
        #expect(Set(Birthplaces.table.map(\.unit)).count == 34)
        let bacNinh = Birthplaces(unit: UnitCode("H05")!)
        let placed: [(Int, SubjectTally.Birthplace)] = [
            (24, .home), (27, .home), (26, .elsewhere), (79, .elsewhere), (3, .unplaced),
            (0, .unplaced), (999, .unplaced), (140, .unplaced),
        ]
        for (code, place) in placed {
            #expect(bacNinh.place(UInt64(code) * 1_000_000_000 + 99_000_001) == place, "\(code)")
        }
        #expect(bacNinh.place(nil) == .unplaced && bacNinh.place(.max) == .unplaced)
        let ministry = Birthplaces(unit: UnitCode("G01")!)
        #expect(ministry.place(1_099_000_001) == .elsewhere)
    }
}
