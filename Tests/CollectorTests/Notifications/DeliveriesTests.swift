import Domain
import Platform
import Testing
@testable import Collector
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("What each channel has to send") struct DeliveriesTests {
    let box: Outbox
    var records: Records { box.records }

    init() throws {
        box = try Outbox()
        _ = try records.registerChannels([box.hook])
    }

    @Test("a channel gets what is loud enough, the loudest first, and each once")
    func order() throws {
        try records.add(box.finding(.r8, "account"))
        try records.add(box.finding(.r1, "breach"))
        try records.add(box.finding(.r1, "lock"))
        let letters = try box.drain(box.hook, .warning, at: box.now)
        #expect(letters.map(\.severity) == [.critical, .warning])
        #expect(try box.drain(box.hook, .warning, at: box.later(1)).isEmpty)
        #expect(try records.undelivered().map(\.waiting) == [0])
    }

    @Test(
        "a new channel begins with what happens from now on; one that is gone is told with its rest"
    )
    func channels() throws {
        try records.add(box.finding())
        let mail = ChannelName(.email)
        #expect(try records.registerChannels([box.hook, mail]).isEmpty)
        try records.add(box.finding(key: "next"))
        #expect(try box.drain(mail, at: box.now).count == 1)
        try records.take(box.hook, minSeverity: .info)
        let gone = try records.registerChannels([mail])
        #expect(gone.map(\.channel) == [box.hook.text] && gone.map(\.waiting) == [2])
        #expect(try records.undelivered().map(\.channel) == ["email"])
    }

    @Test("twenty of a rule go one by one, more go as one digest that names them")
    func digest() throws {
        try box.add(20, .r8)
        #expect(try box.drain(box.hook, at: box.now).count == 20)
        try box.add(21, .r10)
        try records.add(box.finding(.r1, "lock"))
        let letters = try box.drain(box.hook, at: box.now)
        #expect(letters.count == 2)
        let digest = try #require(letters.first { $0.digest != nil })
        #expect(digest.count == 21 && digest.rule == "R10" && digest.notifications.count == 21)
        #expect(digest.message.en.hasPrefix("21 notifications of R10"))
        #expect(digest.message.vi.split(separator: "\n").count == 1 + Letter.sentencesMax + 1)
    }

    @Test("what was sent in the last five minutes counts, and the next digest gathers for five")
    func window() throws {
        try box.add(15, .r8)
        #expect(try box.drain(box.hook, at: box.now).count == 15)
        try box.add(6, .r8, from: 100)
        #expect(try box.drain(box.hook, at: box.later(100)).map(\.count) == [6])
        try box.add(3, .r8, from: 200)
        #expect(try box.drain(box.hook, at: box.later(200)).count == 3, "15 + 3 are not too many")
        try box.add(10, .r8, from: 300)
        #expect(try box.drain(box.hook, at: box.later(210)).isEmpty, "held")
        try box.add(10, .r8, from: 400)
        #expect(try box.drain(box.hook, at: box.later(401)).map(\.count) == [20])
    }

    @Test("a digest that was not delivered is made no second time, and gathers no more")
    func stable() throws {
        try box.add(30, .r8)
        try records.take(box.hook, minSeverity: .info)
        let first = try #require(try records.nextLetter(box.hook, at: box.now))
        try box.add(30, .r8, from: 100)
        try records.take(box.hook, minSeverity: .info)
        let again = try #require(try records.nextLetter(box.hook, at: box.later(3600)))
        #expect(first.id == again.id && again.count == 30)
        #expect(first.json(collector: "c") == again.json(collector: "c"))
        try records.markSent(again, box.hook, at: box.later(3600))
        let next = try #require(try records.nextLetter(box.hook, at: box.later(3601)))
        #expect(next.id != first.id && next.count == 30)
    }

    @Test("one that is refused waits longer each time and holds up nobody")
    func refused() throws {
        try records.add(box.finding(.r1, "lock"))
        try records.add(box.finding(.r1, "breach"))
        try records.take(box.hook, minSeverity: .info)
        let first = try #require(try records.nextLetter(box.hook, at: box.now))
        try records.putOff(first, box.hook, at: box.now)
        let second = try #require(try records.nextLetter(box.hook, at: box.now))
        #expect(second.id != first.id)
        try records.markSent(second, box.hook, at: box.now)
        #expect(try records.nextLetter(box.hook, at: box.later(29)) == nil)
        #expect(try records.nextLetter(box.hook, at: box.later(30))?.id == first.id)
        try records.putOff(first, box.hook, at: box.later(30))
        #expect(try records.nextLetter(box.hook, at: box.later(89)) == nil)
        #expect(try !records.hasDue(box.hook, at: box.later(89)))
        #expect(try records.nextLetter(box.hook, at: box.later(90))?.id == first.id)
    }

    @Test("a full outbox loses its quietest and oldest, counts them and tells it once an hour")
    func full() throws {
        try box.add(60, .r8)
        try records.add(box.finding(.r1, "lock"))
        try box.add(60, .r8, from: 100)
        try records.take(box.hook, minSeverity: .info)
        let dropped = try records.trimOutbox(at: box.now, countMax: 100)
        #expect(dropped.notifications == 31)
        #expect(dropped.byChannel.map(\.count) == [31])
        let left = try box.all()
        #expect(left.count == 91)
        #expect(left.contains { $0.severity == .critical })
        #expect(left.first { $0.rule == "R8" }?.scope == "system=H26.s31", "the oldest went")
        #expect(left.last?.event == .dropped && left.last?.message.en.contains("31") == true)
        try box.add(60, .r8, from: 200)
        try records.take(box.hook, minSeverity: .info)
        #expect(try records.trimOutbox(at: box.later(60), countMax: 100).notifications > 0)
        #expect(try box.all().count { $0.event == .dropped } == 1, "one an hour")
        #expect(try records.droppedTotal() > 31)
    }

    @Test("what was sent goes first when room is needed, and after a week in any case")
    func settled() throws {
        try box.add(50, .r1)
        #expect(try box.drain(box.hook, at: box.now).map(\.count) == [50])
        try box.add(80, .r8)
        try records.take(box.hook, minSeverity: .info)
        #expect(try records.trimOutbox(at: box.now, countMax: 100).notifications == 0)
        #expect(try box.all().count == 100)
        let week = box.now.advanced(byMilliseconds: Records.keptMilliseconds + 1)
        #expect(try records.trimOutbox(at: week).notifications == 0)
        #expect(try box.all().count == 80, "what waits is kept however old")
    }
}

@Suite("Backoff") struct BackoffTests {
    @Test("pauses double from a second to a minute") func pauses() {
        var backoff = Backoff()
        var pauses: [Int64] = []
        for _ in 0..<9 {
            pauses.append(backoff.pauseMilliseconds)
            backoff.failed()
        }
        #expect(pauses == [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
        backoff.succeeded()
        #expect(backoff.pauseMilliseconds == 0)
    }
}
