import Domain
import Testing

@testable import Agent

/// The features must tell a program from a clerk without knowing which is which (bars: R5).
@Suite("A robot and a clerk look different") struct RobotAndHumanTests {
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// One account's hour, sealed every minute and told together as a detector would.
    func hour(_ tracker: FeatureTracker, _ gaps: (inout Random) -> Int64, seed: UInt64)
        -> AccountFeatures?
    {
        var random = Random(state: seed)
        var at = Sample.nine.plus(gaps(&random) % 9000)
        let end = Sample.nine.plus(3_600_000)
        var parts: [AccountFeatures] = []
        var seal = Sample.nine.plus(60_000)
        while at < end {
            while at >= seal {
                AccountFeatures.merge(tracker.takeInterval(at: seal).accounts.all, into: &parts)
                seal = seal.plus(60_000)
            }
            tracker.note(
                Sample.sighting(
                    at: at, subject: Sample.subject(Int.random(in: 0..<900_000, using: &random))))
            at = at.plus(gaps(&random))
        }
        AccountFeatures.merge(tracker.takeInterval(at: end).accounts.all, into: &parts)
        return parts.first
    }

    /// Jitter as a share of the usual gap, uniform: the robots of the bars.
    static func robot(every: Int64, jitter: Double) -> (inout Random) -> Int64 {
        { random in
            Int64(Double(every) * Double.random(in: (1 - jitter)...(1 + jitter), using: &random))
        }
    }

    /// A clerk serves people: short gaps within a case, long ones between, now and then a break.
    static func clerk(_ random: inout Random) -> Int64 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: Int64.random(in: 3000...25_000, using: &random)
        case 5..<9: Int64.random(in: 40_000...300_000, using: &random)
        default: Int64.random(in: 300_000...900_000, using: &random)
        }
    }

    @Test(arguments: 1...10)
    func rhythm(_ seed: UInt64) throws {
        let robots = [(Int64(20_000), 0.4), (8000, 0.2), (1000, 0.05)].map {
            hour(Sample.tracker(), Self.robot(every: $0.0, jitter: $0.1), seed: seed)
        }
        let clerk = try #require(hour(Sample.tracker(), Self.clerk, seed: seed))
        let clerkSpread = try #require(clerk.rhythm.gaps.logDeviation)
        #expect(clerkSpread > 1.2)
        #expect(clerk.rhythm.activeMinutes < 40)
        for robot in robots {
            let robot = try #require(robot)
            let spread = try #require(robot.rhythm.gaps.logDeviation)
            #expect(spread < 0.6 && spread < clerkSpread / 2)
            #expect((robot.rhythm.gaps.coefficientOfVariation ?? 9) < 0.3)
            #expect(robot.rhythm.activeMinutes >= 59)
            #expect(
                robot.rhythm.gaps.count == robot.rhythm.attempts - 1, "no gap is lost at a seal")
            let asked = Double(robot.allowed)
            #expect(abs(Double(robot.distinct.subjects) / asked - 1) < 0.12)
        }
    }
}
