import Domain
import Glibc
import Platform
import Synchronization
import Testing
@testable import Collector
@testable import CollectorBackups
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("What channels send") struct ChannelsTests {
    let box: Outbox
    let letter: Letter

    init() throws {
        box = try Outbox()
        try box.records.add(box.finding(.r1, "lock"))
        letter = Letter(try box.all()[0])
    }

    @Test("a webhook's body is signed under the secret of the moment, its id in the header")
    func webhook() throws {
        let path = "/tmp/chot-test-secret-\(letter.id)-\(MonotonicClock.milliseconds())"
        defer { Files.remove(path) }
        try Files.writeAtomically(path, "first\n")
        let channel = WebhookChannel(
            .init(url: "https://h.example/t0ken", minSeverity: .info, secretFile: path),
            collector: "chot-x")
        func signature() throws -> String? {
            let request = try channel.request(letter)
            #expect(
                request.headers.contains { $0.name == "Idempotency-Key" && $0.value == letter.id })
            return request.headers.first { $0.name == "X-Chot-Signature" }?.value
        }
        func expected(_ secret: String) throws -> String {
            let body = try #require(try channel.request(letter).body)
            return "sha256="
                + Digest.hex(Digest.hmacSHA256(key: Array(secret.utf8), message: body))
        }
        #expect(try signature() == expected("first"))
        try Files.writeAtomically(path, "second")
        #expect(try signature() == expected("second"))
        #expect(channel.settings.shownURL == "https://h.example/…")
    }

    @Test("a log line is one line with syslog's severity")
    func syslog() {
        let line = SyslogChannel(.init(socket: "/dev/log", minSeverity: .info)).line(letter)
        #expect(line.hasPrefix("<26>chot-collector["))
        #expect(line.contains(" id=\(letter.id): ") && !line.contains("\n"))
    }

    @Test("a mail says it in both languages, Vietnamese first")
    func mail() {
        let channel = EmailChannel(
            .init(
                server: "smtp://m.example", from: "chot@a.example", to: ["b@a.example"],
                minSeverity: .info))
        let message = channel.message(letter)
        #expect(message.subject.hasPrefix("[Chốt] NGHIÊM TRỌNG / CRITICAL · R1 · "))
        #expect(message.body.hasPrefix("Tài khoản vượt mức: 41\n\nAccount passed: 41\n"))
        #expect(message.messageID == "\(letter.id)@a.example")
    }
}

@Suite("ChannelSender", .timeLimit(.minutes(1))) struct ChannelSenderTests {
    /// Fails as told, then takes everything.
    final class Flaky: NotificationChannel {
        let name = ChannelName(.webhook, key: "flaky")
        let minSeverity = Severity.info
        let problems: Mutex<[DeliveryProblem]>
        let taken = Mutex<[String]>([])
        let arrival = WakeEvent()

        init(_ problems: [DeliveryProblem]) { self.problems = Mutex(problems) }

        func deliver(_ letter: Letter) throws(DeliveryProblem) {
            let problem = problems.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let problem { throw problem }
            taken.withLock { $0.append(letter.id) }
            arrival.signal()
        }

        func cancel() {}
    }

    @Test("it tries until the other side is back, and sends nothing twice over a restart")
    func retries() async throws {
        let folder = "/tmp/chot-test-sender-\(MonotonicClock.milliseconds())"
        try Files.makeFolder(folder)
        defer {
            for name in Files.list(folder) { Files.remove("\(folder)/\(name)") }
            rmdir(folder)
        }
        let store = try SQLiteStore(path: "\(folder)/collector.db")
        let box = try Outbox()
        let metrics = Metrics()
        let flaky = Flaky([.away("closed"), .refused("not this one")])
        try store.write { records in
            _ = try records.registerChannels([flaky.name])
            try records.add(box.finding(.r1, "breach"))
            try records.add(box.finding(.r1, "lock"))
        }
        func run(milliseconds: Int64) async {
            let sender = ChannelSender(flaky, store: store, metrics: metrics)
            await withCheckedContinuation { continuation in
                _ = RunningThread(name: "test-sender") {
                    let thread = RunningThread(name: "sender") { sender.work() }
                    _ = flaky.arrival.wait(milliseconds: milliseconds)
                    sender.stop()
                    thread.join()
                    continuation.resume()
                }
            }
        }
        await run(milliseconds: 20_000)
        let label = "channel=\"webhook\",status="
        #expect(metrics.value("chot_collector_notifications_total", label + "\"failed\"") == 1)
        #expect(metrics.value("chot_collector_notifications_total", label + "\"refused\"") == 1)
        #expect(metrics.value("chot_collector_notifications_total", label + "\"sent\"") == 1)
        // The refused one waits; what was sent is not sent again by the next process.
        await run(milliseconds: 800)
        #expect(flaky.taken.withLock { $0.count } == 1)
        #expect(try store.read { try $0.undelivered() }.map(\.waiting) == [1])
    }
}
