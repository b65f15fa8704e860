import Domain
import Platform
import Synchronization
import Testing

@testable import Agent

/// A machine whose clocks stand still until they are moved.
final class FakeMachine: Sendable {
    private let reading: Mutex<ClockJudge.Reading>
    private let boots = Atomic<Int>(1)

    init(_ wall: Timestamp) {
        reading = Mutex(.init(wall: wall.milliseconds, boot: 50_000))
    }

    var read: @Sendable () -> ClockJudge.Reading { { self.reading.withLock { $0 } } }
    var bootID: String { "boot-\(boots.load(ordering: .relaxed))" }

    /// Time really passes.
    func pass(_ milliseconds: Int64) {
        reading.withLock { $0 = .init(wall: $0.wall + milliseconds, boot: $0.boot + milliseconds) }
    }

    /// Somebody sets the clock.
    func set(by milliseconds: Int64) {
        reading.withLock { $0 = .init(wall: $0.wall + milliseconds, boot: $0.boot) }
    }

    /// The machine is off for a while, and its clock shows what it likes afterwards.
    func restart(off: Int64, wrongBy error: Int64 = 0) {
        boots.add(1, ordering: .relaxed)
        reading.withLock { $0 = .init(wall: $0.wall + off + error, boot: 20_000) }
    }
}

@Suite("TrustedClock") struct TrustedClockTests {
    static let noon = Sample.noon
    static let hour: Int64 = 3_600_000
    static let day: Int64 = 24 * hour
    let scratch: Scratch
    let machine = FakeMachine(noon)

    init() throws { scratch = try Scratch() }

    /// As when an agent starts on this machine, an hour after the collector signed something.
    func clock(certain: Timestamp = noon.advanced(byMilliseconds: -hour)) -> TrustedClock {
        let clock = TrustedClock(folder: scratch.path, bootID: machine.bootID, read: machine.read)
        clock.learn(certain: certain, lastInterval: certain)
        return clock
    }

    func plus(_ milliseconds: Int64) -> Timestamp {
        Self.noon.advanced(byMilliseconds: milliseconds)
    }

    @Test("a right clock is followed, and locks end by it once the collector answered")
    func right() {
        let clock = clock()
        #expect(clock.now() == Self.noon && clock.trust == .unproven)
        #expect(clock.unsureMilliseconds == Self.hour)
        clock.prove(plus(200))
        machine.pass(Self.hour)
        #expect(clock.now() == plus(Self.hour) && clock.trust == .proven)
        #expect(clock.unsureMilliseconds == 0 && clock.offset == 200)
    }

    @Test(
        "a clock that starts before what is past is not used; the last known time goes on",
        arguments: [1970, 2000, 2026])
    func behind(_ year: Int) throws {
        let first = clock()
        first.prove(Self.noon)
        machine.pass(Self.hour)
        first.save()
        let wrong = Timestamp(try #require(CalendarDate(year: year, month: 1, day: 2)))
        machine.restart(off: Self.hour)
        machine.set(by: wrong.milliseconds - machine.read().wall)
        let second = clock()
        #expect(second.trust == .behind && second.now() == plus(Self.hour))
        machine.pass(10 * 60_000)
        second.look()
        #expect(second.now() == plus(Self.hour + 600_000))
        // The collector knows better; the machine's clock stays wrong.
        second.prove(plus(3 * Self.hour))
        #expect(second.now() == plus(3 * Self.hour) && second.trust == .wrong)
        // Somebody sets it right.
        machine.set(by: plus(3 * Self.hour).milliseconds - machine.read().wall)
        second.look()
        #expect(second.now() == plus(3 * Self.hour) && second.trust == .proven)
    }

    @Test("a clock that is set right after the start is followed at once, without the collector")
    func setRight() {
        let first = clock()
        first.prove(Self.noon)
        first.save()
        machine.restart(off: Self.hour, wrongBy: -400 * Self.day)
        let second = clock()
        #expect(second.trust == .behind)
        machine.set(by: 400 * Self.day)
        #expect(second.look())
        #expect(second.now() == plus(Self.hour) && second.trust == .unproven)
    }

    @Test(
        "a restart on a running machine keeps the proof: a clock a day off is seen in both directions"
    )
    func sameBoot() {
        for error in [-Self.day, Self.day, 2 * Self.day] {
            let machine = FakeMachine(Self.noon)
            func clock() -> TrustedClock {
                let clock = TrustedClock(
                    folder: scratch.path, bootID: machine.bootID, read: machine.read)
                clock.learn(certain: plus(-Self.hour), lastInterval: Self.noon)
                return clock
            }
            let first = clock()
            first.prove(Self.noon)
            first.save()
            machine.pass(60_000)
            machine.set(by: error)
            let second = clock()
            #expect(second.now() == plus(60_000) && second.trust == .wrong)
            #expect(second.errorMilliseconds == error && second.unsureMilliseconds == 0)
        }
    }

    @Test(
        "ahead after a restart of the machine cannot be told, but ends no lock and makes nothing old"
    )
    func ahead() {
        let first = clock()
        first.prove(Self.noon)
        first.save()
        machine.restart(off: 60_000, wrongBy: 2 * Self.day)
        let second = clock()
        #expect(second.trust == .unproven && second.now() == plus(2 * Self.day + 60_000))
        #expect(second.sureNow == Self.noon)
        let end = plus(Self.hour)
        var gate = Gate(
            rules: GateRules(
                policy: Sample.policy(), sets: [Sample.lock("unit=H26", expires: end)]))
        gate.unsureMilliseconds = second.unsureMilliseconds
        #expect(gate.decide(Sample.query(at: second.now())).refusal?.reason == .lock)
        // The hour really passes.
        machine.pass(Self.hour)
        second.look()
        gate.unsureMilliseconds = second.unsureMilliseconds
        #expect(gate.decide(Sample.query(at: second.now())).refusal?.reason != .lock)
        // A second restart does not begin the wait anew.
        second.save()
        machine.restart(off: 0)
        #expect(clock().sureNow == plus(Self.hour))
        second.prove(plus(Self.hour))
        #expect(second.now() == plus(Self.hour) && second.unsureMilliseconds == 0)
    }

    @Test(
        "a step while it runs is not followed when the collector's time is known",
        arguments: [
            -11 * hour, 11 * hour, -day, 3 * day,
        ])
    func step(_ step: Int64) {
        let clock = clock()
        clock.prove(Self.noon)
        machine.pass(1000)
        machine.set(by: step)
        // Not even before it is looked at.
        #expect(clock.now() == plus(1000))
        #expect(clock.look())
        #expect(clock.now() == plus(1000) && clock.trust == .wrong)
        #expect(clock.offset == -step)
        // The collector's clock was set as well: then it was right.
        clock.prove(plus(1000 + step))
        #expect(clock.now() == plus(1000 + step) && clock.trust == .proven)
    }

    @Test("up to five minutes the machine's own clock counts, and locks end by the collector's")
    func mild() {
        let clock = clock()
        clock.prove(Self.noon)
        machine.set(by: 200_000)
        #expect(!clock.look())
        #expect(clock.now() == plus(200_000) && clock.trust == .proven)
        #expect(clock.unsureMilliseconds == 200_000)
        machine.set(by: -400_000)
        clock.look()
        #expect(clock.now() == plus(-200_000) && clock.unsureMilliseconds == 0)
    }

    @Test("without a record the time goes on where counting ended, if the clock is wrong by itself")
    func lastInterval() {
        let clock = TrustedClock(folder: scratch.path, bootID: "boot-1", read: machine.read)
        clock.learn(certain: plus(-Self.day), lastInterval: plus(Self.hour))
        #expect(clock.trust == .unproven && clock.now() == Self.noon)
        machine.restart(off: 0, wrongBy: -40 * Self.day)
        let second = TrustedClock(folder: scratch.path, bootID: "boot-2", read: machine.read)
        second.learn(certain: plus(-Self.day), lastInterval: plus(Self.hour))
        #expect(second.trust == .behind && second.now() == plus(Self.hour))
        #expect(second.unsureMilliseconds == Self.day + Self.hour)
    }

    // MARK: far ahead

    static let tenYears = 3650 * day

    @Test(
        "a clock that was ten years ahead keeps nobody there once the machine starts with the right one"
    )
    func aheadForAWhile() {
        clock().save()
        machine.restart(off: Self.hour, wrongBy: Self.tenYears)
        let second = clock()
        #expect(second.trust == .unproven && second.now() == plus(Self.hour + Self.tenYears))
        second.save()
        machine.restart(off: Self.hour, wrongBy: -Self.tenYears)
        let third = TrustedClock(
            folder: scratch.path, bootID: machine.bootID, read: machine.read)
        third.learn(certain: plus(-Self.hour), lastInterval: plus(Self.tenYears))
        #expect(third.trust == .unproven && third.now() == plus(2 * Self.hour))
    }

    @Test("a time at which the collector's certificate is not valid proves nothing")
    func beyondCertificate() {
        let clock = clock()
        let second = Self.noon.milliseconds / 1000
        let certificate = (second - 86_400)...(second + 825 * 86_400)
        #expect(!clock.prove(plus(Self.tenYears), within: certificate))
        #expect(clock.trust == .unproven && clock.now() == Self.noon)
        #expect(clock.prove(plus(1000), within: certificate))
        #expect(clock.trust == .proven)
    }

    @Test("certificates are judged by every time that may be right, and a clock in 2036 comes back")
    func certificates() {
        clock().save()
        machine.restart(off: 0, wrongBy: Self.tenYears)
        let second = clock()
        #expect(
            second.certificateTimes == [
                Self.noon.milliseconds + Self.tenYears, Self.noon.milliseconds - Self.hour,
            ])
        second.prove(Self.noon)
        #expect(second.now() == Self.noon && second.trust == .wrong)
        #expect(second.certificateTimes.first == Self.noon.milliseconds)
    }

    @Test(
        "orders that a collector signed while its clock was ahead teach no time once it is right again"
    )
    func doubted() {
        let first = clock()
        first.learn(certain: plus(Self.tenYears), lastInterval: Self.noon)
        #expect(first.trust == .behind)
        #expect(first.certificateTimes.contains(Self.noon.milliseconds))
        first.prove(Self.noon)
        #expect(first.now() == Self.noon && first.unsureMilliseconds == 0)
        first.save()
        machine.restart(off: Self.hour)
        let second = clock(certain: plus(Self.tenYears))
        #expect(second.trust == .unproven && second.now() == plus(Self.hour))
        #expect(second.sureNow == Self.noon)
    }

    @Test("a clock where no honest one can be is not used", arguments: [29_000, 60_000] as [Int64])
    func beyond(days: Int64) {
        let first = clock()
        first.prove(Self.noon)
        first.save()
        machine.restart(off: 0, wrongBy: days * Self.day)
        let second = clock()
        #expect(second.trust == .wrong && second.now() == Self.noon)
        second.save()
        #expect(ClockRecord.load(scratch.path) != nil)
    }

    @Test("nothing is known at all: no time that a summary may not tell")
    func clamped() {
        machine.set(by: 60_000 * Self.day)
        let clock = TrustedClock(folder: scratch.path, bootID: "", read: machine.read)
        #expect(clock.now().isPlausible)
    }

    @Test("a record that cannot be believed is left aside")
    func garbage() throws {
        for text in ["", "{", #"{"boot_id":"boot-1","boot":1e99}"#] {
            try Files.writeAtomically(ClockRecord.path(scratch.path), text)
            #expect(ClockRecord.load(scratch.path) == nil)
            #expect(clock().now() == Self.noon)
        }
        let first = clock()
        first.prove(Timestamp(milliseconds: 7))
        #expect(first.now() == Self.noon, "a collector in 1970 proves nothing")
    }
}

@Suite("Contact") struct ContactTests {
    static let minute: Int64 = 60_000
    let scratch: Scratch
    let machine = FakeMachine(Sample.noon)

    init() throws { scratch = try Scratch() }

    func contact() -> Contact {
        Contact(folder: scratch.path, first: Sample.noon, bootID: machine.bootID) { [machine] in
            machine.read().boot
        }
    }

    @Test("silence goes on over restarts, and no clock that is set shortens or lengthens it")
    func silence() {
        let first = contact()
        first.note(at: Sample.noon)
        machine.pass(10 * Self.minute)
        first.save()
        machine.set(by: 5 * 86_400_000)
        machine.pass(Self.minute)
        let second = contact()
        #expect(second.silentMilliseconds == 11 * Self.minute && second.last == Sample.noon)
        #expect(!second.isConnected)
        second.save()
        // What the machine is off does not count: nothing passed meanwhile.
        machine.restart(off: 86_400_000, wrongBy: -90 * 86_400_000)
        let third = contact()
        machine.pass(Self.minute)
        #expect(third.silentMilliseconds == 12 * Self.minute && third.last == Sample.noon)
        third.note(at: Sample.noon)
        #expect(third.silentMilliseconds == 0 && third.isConnected)
    }

    @Test("a crash forgets no more of a silence than was said")
    func crash() {
        let first = contact()
        first.note(at: Sample.noon)
        for _ in 0..<20 {
            machine.pass(Self.minute)
            first.look()
        }
        machine.restart(off: 0)
        let silence = contact().silentMilliseconds
        #expect(silence <= 20 * Self.minute && silence >= 20 * Self.minute - 30_000)
    }

    @Test("what cannot be believed begins anew")
    func garbage() throws {
        for text in ["", "[]", #"{"boot_id":"boot-1","boot":-1,"at":0,"silence":-5}"#] {
            try Files.writeAtomically("\(scratch.path)/contact.json", text)
            #expect(contact().silentMilliseconds == 0)
        }
    }
}
