import Domain
import Glibc
import Platform
import Seeds
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("The collector's own clock") struct CentreClockTests {
    /// A machine whose clock can be set, and how long it has been up.
    final class Machine: Sendable {
        private let reading = Mutex(
            ClockJudge.Reading(
                wall: Timestamp("2026-11-24T09:00:00+07:00")!.milliseconds, boot: 1_000_000))

        var now: ClockJudge.Reading { reading.withLock { $0 } }
        func pass(_ span: Int64) {
            reading.withLock { $0 = .init(wall: $0.wall + span, boot: $0.boot + span) }
        }
        func set(by span: Int64) {
            reading.withLock { $0 = .init(wall: $0.wall + span, boot: $0.boot) }
        }
        /// Off for so long; nothing tells how long that was but the clock of dates.
        func restart(after span: Int64) {
            reading.withLock { $0 = .init(wall: $0.wall + span, boot: 1000) }
        }
    }

    static let day: Int64 = 86_400_000
    let folder: String
    let machine = Machine()

    init() {
        folder = "/tmp/chot-clock-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        mkdir(folder, 0o700)
    }

    /// The first has nobody to ask yet, as after `init`.
    func clock(past: Timestamp? = nil, hasWitnesses: Bool? = nil, boot: String = "a")
        -> CentreClock
    {
        let hasWitnesses = hasWitnesses ?? (past != nil)
        return CentreClock(
            folder: folder, past: past, hasWitnesses: hasWitnesses, bootID: boot,
            read: { [machine] in machine.now })
    }

    func agent(_ unit: Int, _ number: Int = 1) -> AgentID {
        AgentID(system: SystemCode(unchecked: "H\(10 + unit).mot"), number: number)
    }

    /// Agents of so many units say that it is so much later than the machine's clock says.
    func speak(_ clock: CentreClock, units: Range<Int>, away: Int64 = 0) {
        for unit in units {
            clock.hear(tokenSeconds: (machine.now.wall + away) / 1000, of: agent(unit))
        }
    }

    @Test("a clock that is moved is not followed, nothing ends, and agents settle it")
    func moved() {
        defer { removeFolder(folder) }
        let clock = clock()
        #expect(!clock.isDoubted)
        let before = clock.now()
        machine.set(by: 2 * Self.day)
        #expect(clock.look(units: { 3 }) == .doubted(.moved(2 * Self.day)))
        machine.pass(10_000)
        #expect(clock.now() == before.advanced(byMilliseconds: 10_000))
        #expect(clock.certain == before, "what is certain stands still")
        speak(clock, units: 0..<2, away: -2 * Self.day)
        #expect(clock.look(units: { 3 }) == nil, "two of three units are not enough")
        speak(clock, units: 0..<3, away: -2 * Self.day)
        #expect(clock.look(units: { 3 }) == .settled(units: 3))
        #expect(clock.now() == before.advanced(byMilliseconds: 10_000))
        #expect(clock.certain == clock.now() && !clock.isDoubted)
        #expect(clock.errorMilliseconds == 2 * Self.day)
    }

    @Test("agents whose machines agree with the moved clock make it the time")
    func wasWrongBefore() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: -3 * Self.day)
        _ = clock.look(units: { 3 })
        for unit in 0..<3 {
            clock.hear(tokenSeconds: clock.now().milliseconds / 1000, of: agent(unit))
            clock.hear(offset: 3 * Self.day, of: agent(unit))
        }
        #expect(clock.look(units: { 3 }) == .settled(units: 3))
        #expect(clock.now().milliseconds == machine.now.wall)
    }

    @Test("one unit moves no clock, however many agents it has")
    func oneUnit() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.pass(60_000)
        for number in 1...500 {
            clock.hear(
                tokenSeconds: (machine.now.wall - Self.day) / 1000, of: agent(0, number))
        }
        #expect(clock.look(units: { 40 }) == nil && !clock.isDoubted)
        machine.set(by: Self.day)
        _ = clock.look(units: { 40 })
        for number in 1...500 {
            clock.hear(tokenSeconds: machine.now.wall / 1000, of: agent(0, number))
        }
        #expect(clock.look(units: { 40 }) == nil && clock.isDoubted)
    }

    @Test("units that contradict each other settle nothing")
    func splitUnits() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 9 })
        speak(clock, units: 0..<3)
        speak(clock, units: 3..<6, away: -Self.day)
        speak(clock, units: 6..<9, away: 5 * Self.day)
        #expect(clock.look(units: { 9 }) == nil && clock.isDoubted)
        // Those that were wrong and are set right are heard again when what they said before is over.
        speak(clock, units: 6..<9, away: -Self.day)
        #expect(clock.look(units: { 9 }) == nil && clock.isDoubted)
        machine.pass(Witnesses.lifeMilliseconds + 1)
        speak(clock, units: 0..<3)
        speak(clock, units: 3..<9, away: -Self.day)
        #expect(clock.look(units: { 9 }) == .settled(units: 6))
        #expect(clock.now().milliseconds == machine.now.wall - Self.day)
    }

    @Test("a token that is no newer than the last one says nothing, also to the next process")
    func oldTokens() {
        defer { removeFolder(folder) }
        let first = clock()
        machine.pass(60_000)
        // Taken while all was well; somebody keeps copies of them.
        for unit in 0..<5 {
            let seconds = machine.now.wall / 1000
            first.hear(tokenSeconds: seconds, of: agent(unit))
            first.took(tokenSeconds: seconds, of: agent(unit))
        }
        let copies = -Self.day
        machine.pass(Self.day)
        speak(first, units: 0..<5, away: copies)
        #expect(first.look(units: { 5 }) == nil && !first.isDoubted)
        // While nobody is certain, they are shown again, before and after a restart.
        let second = clock(past: first.now(), hasWitnesses: true, boot: "b")
        second.know(
            tokens: Dictionary(
                uniqueKeysWithValues: (0..<5).compactMap { unit in
                    first.lastToken(of: agent(unit)).map { (agent(unit), $0) }
                }))
        for clock in [first, second] {
            machine.set(by: Self.day)
            _ = clock.look(units: { 5 })
            #expect(clock.isDoubted)
            speak(clock, units: 0..<5, away: -2 * Self.day)
            #expect(clock.look(units: { 5 }) == nil && clock.isDoubted, "copies settle nothing")
            speak(clock, units: 0..<5, away: -Self.day)
            #expect(clock.look(units: { 5 }) == .settled(units: 5), "the agents themselves do")
            machine.set(by: -Self.day)
            _ = clock.look(units: { 5 })
        }
    }

    @Test(
        "a copy of a token that was heard while in doubt does not take back what its agent said since"
    )
    func copiesInDoubt() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 4 })
        let early = machine.now.wall - Self.day
        for unit in 0..<2 { clock.hear(tokenSeconds: early / 1000, of: agent(unit)) }
        machine.pass(580_000)
        speak(clock, units: 0..<2, away: -Self.day)
        for unit in 0..<2 { clock.hear(tokenSeconds: early / 1000, of: agent(unit)) }
        speak(clock, units: 2..<4, away: -Self.day)
        #expect(clock.look(units: { 4 }) == .settled(units: 4))
        #expect(abs(clock.now().milliseconds - (machine.now.wall - Self.day)) < 1000)
    }

    @Test(
        "agents that one unit enrols keep no other unit's from being heard; revoked ones say nothing"
    )
    func places() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 4 })
        for number in 1...25_000 {
            clock.hear(tokenSeconds: machine.now.wall / 1000, of: agent(9, number))
        }
        speak(clock, units: 0..<3, away: -Self.day)
        #expect(clock.look(units: { 4 }) == .settled(units: 3))
        // A unit whose places are taken by agents that are silent by now has room for those that speak.
        machine.set(by: Self.day)
        _ = clock.look(units: { 3 })
        for number in 1...Witnesses.ofUnitMax {
            clock.hear(tokenSeconds: machine.now.wall / 1000, of: agent(0, number))
        }
        machine.pass(Witnesses.lifeMilliseconds + 1)
        clock.hear(tokenSeconds: (machine.now.wall - 2 * Self.day) / 1000, of: agent(0, 1000))
        speak(clock, units: 1..<3, away: -2 * Self.day)
        clock.hear(tokenSeconds: (machine.now.wall - 2 * Self.day) / 1000, of: agent(3))
        clock.drop(agent(3))
        #expect(clock.look(units: { 3 }) == .settled(units: 3))
    }

    @Test("staff may vouch for the machine's clock, and agents do not outrank them")
    func staff() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 3 })
        #expect(clock.vouch() == .settled(units: 0))
        #expect(clock.now().milliseconds == machine.now.wall && !clock.isDoubted)
        machine.pass(60_000)
        speak(clock, units: 0..<5, away: -Self.day)
        #expect(clock.look(units: { 5 }) == nil)
        #expect(clock.now().milliseconds == machine.now.wall)
    }

    @Test("a clock that comes back by itself is right again once agents say so")
    func comesBack() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 3 })
        machine.pass(5000)
        machine.set(by: -Self.day)
        _ = clock.look(units: { 3 })
        #expect(clock.now().milliseconds == machine.now.wall)
        speak(clock, units: 0..<3)
        #expect(clock.look(units: { 3 }) == .settled(units: 3))
        #expect(clock.errorMilliseconds == 0)
    }

    @Test("a clock that was known to be wrong and comes back is right at once")
    func comesBackAfterwards() {
        defer { removeFolder(folder) }
        let clock = clock()
        machine.set(by: Self.day)
        _ = clock.look(units: { 1 })
        speak(clock, units: 0..<1, away: -Self.day)
        #expect(clock.look(units: { 1 }) == .settled(units: 1))
        machine.set(by: -Self.day)
        #expect(clock.look(units: { 1 }) == .settled(units: 0))
        #expect(!clock.isDoubted && clock.now().milliseconds == machine.now.wall)
    }

    @Test("a process that starts anew knows that the clock was moved meanwhile")
    func movedWhileDown() {
        defer { removeFolder(folder) }
        let first = clock()
        machine.pass(1000)
        let before = first.now()
        first.save()
        machine.pass(2000)
        machine.set(by: 2 * Self.day)
        let second = clock(past: before)
        #expect(second.doubt == .moved(2 * Self.day))
        #expect(second.now() == before.advanced(byMilliseconds: 2000))
        #expect(second.certain == before)
    }

    @Test("a doubt outlives the process that had it")
    func doubtIsKept() {
        defer { removeFolder(folder) }
        let first = clock()
        let before = first.now()
        machine.set(by: 2 * Self.day)
        _ = first.look(units: { 3 })
        machine.pass(1000)
        first.save()
        let second = clock(past: before)
        #expect(second.isDoubted && second.certain == before)
        #expect(second.now() == before.advanced(byMilliseconds: 1000))
    }

    @Test("after the machine was off its clock is used, but nothing ends before agents have spoken")
    func machineWasOff() {
        defer { removeFolder(folder) }
        let first = clock()
        let before = first.now()
        first.save()
        machine.restart(after: 2 * Self.day)
        let second = clock(past: before, boot: "b")
        #expect(second.doubt == .start)
        #expect(second.now().milliseconds == machine.now.wall)
        #expect(second.certain == before)
        // They know better: it was off for an hour, and its clock is wrong.
        speak(second, units: 0..<3, away: 3_600_000 - 2 * Self.day)
        #expect(second.look(units: { 3 }) == .settled(units: 3))
        let told = before.advanced(byMilliseconds: 3_600_000).milliseconds
        #expect(abs(second.now().milliseconds - told) < 2000)
        #expect(second.certain == second.now())
    }

    @Test("a restored database is no proof of the time: agents are asked first")
    func restored() {
        defer { removeFolder(folder) }
        let past = Timestamp(milliseconds: machine.now.wall - 5000)
        #expect(clock(past: past).doubt == .start)
    }

    @Test("without any agent a start is believed; a clock before what is written down is not")
    func nobodyToAsk() {
        defer { removeFolder(folder) }
        let first = clock()
        let before = first.now()
        first.save()
        machine.restart(after: Self.day)
        #expect(!clock(past: before, hasWitnesses: false, boot: "b").isDoubted)
        machine.restart(after: -10 * Self.day)
        let late = clock(past: before, hasWitnesses: false, boot: "c")
        #expect(late.isDoubted && late.now() >= before)
    }

    @Test(
        "times of tokens and offsets that are no times are not heard",
        arguments: [
            Int64.max, .min, -1, 0, 1 << 60,
        ])
    func nonsense(_ number: Int64) {
        defer { removeFolder(folder) }
        let clock = clock()
        clock.hear(tokenSeconds: number, of: agent(0))
        clock.hear(offset: number, of: agent(0))
        machine.set(by: Self.day)
        _ = clock.look(units: { 1 })
        #expect(clock.isDoubted)
    }
}
