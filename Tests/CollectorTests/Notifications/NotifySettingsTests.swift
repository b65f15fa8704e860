import Domain
import Platform
import Testing
@testable import CollectorClock
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("notify in collector.json5") struct NotifySettingsTests {
    private func read(_ value: JSONValue) throws -> NotifySettings {
        let root = ConfigReader(.object(["notify": value]), file: "collector.json5")
        let settings = NotifySettings.read(root.child("notify"))
        try root.finish()
        return settings
    }

    private func text(_ value: String) -> JSONValue { .string(value) }

    @Test("all of it is read, with defaults")
    func reads() throws {
        let settings = try read(
            .object([
                "webhook": .array([.object(["url": text("https://h.example/x")])]),
                "email": .object([
                    "server": text("smtps://mail.example:465"), "from": text("a@b.example"),
                    "to": .array([text("c@d.example")]), "min_severity": text("critical"),
                ]),
                "syslog": .object([:]),
            ]))
        #expect(settings.webhooks.map(\.minSeverity) == [.info])
        #expect(settings.email?.minSeverity == .critical && settings.email?.isLoopback == false)
        #expect(settings.syslog?.socket == "/dev/log")
        let none = try read(.object([:]))
        #expect(none.webhooks.isEmpty && none.email == nil && none.syslog == nil)
    }

    @Test(
        "STARTTLS may be missing on the machine itself only",
        arguments: [
            ("smtp://127.0.0.1:25", true), ("smtp://localhost", true), ("smtp://[::1]:25", true),
            ("smtp://127.evil.example", true), ("smtp://mail.example", false),
            ("smtp://localhost.example", false), ("smtp://[::2]", false),
        ])
    func loopback(_ server: String, _ isLoopback: Bool) {
        let email = NotifySettings.Email(
            server: server, from: "a@b", to: ["c@d"], minSeverity: .info)
        #expect(email.isLoopback == (isLoopback && !server.contains("evil")))
    }

    @Test(
        "a mistake names its key and shows no secret",
        arguments: [
            ("webhook[0].url", JSONValue.object(["url": .string("https://u:hunter2@h.example")])),
            ("webhook[0].url", .object(["url": .string("ftp://h.example/hunter2")])),
            ("webhook[0].url", .object(["url": .string("https://h.example/hunter2\r\nX: y")])),
            ("webhook[0].url", .object(["url": .string("https://")])),
            (
                "webhook[0].min_severity",
                .object(["url": .string("https://h/"), "min_severity": .string("x")])
            ),
            (
                "webhook[0].secret_file",
                .object(["url": .string("https://h/"), "secret_file": .string("x")])
            ),
        ])
    func mistakes(_ path: String, _ webhook: JSONValue) {
        #expect(
            performing: { try read(.object(["webhook": .array([webhook])])) },
            throws: { error in
                let problems = (error as? ConfigProblems)?.problems ?? []
                return problems.map(\.keyPath) == ["notify." + path]
                    && !"\(error)".contains("hunter2")
            })
    }

    @Test("a secret file that is missing or empty is a mistake of its key")
    func files() throws {
        let settings = try read(
            .object([
                "webhook": .array([
                    .object(["url": text("https://h/"), "secret_file": text("/dev/null")])
                ]),
                "email": .object([
                    "server": text("smtp://m.example"), "from": text("a@b.example"),
                    "to": .array([text("c@d.example")]), "user": text("u"),
                    "password_file": text("/nonexistent/x"),
                ]),
            ]))
        #expect(
            performing: { try settings.checkFiles("/etc/chot/collector.json5") },
            throws: { error in
                ((error as? ConfigProblems)?.problems ?? []).map(\.keyPath) == [
                    "notify.webhook[0].secret_file", "notify.email.password_file",
                ]
            })
    }

    @Test("a webhook keeps its name when the list is ordered anew")
    func names() throws {
        let one = NotifySettings.Webhook(url: "https://h/a", minSeverity: .info)
        let other = NotifySettings.Webhook(url: "https://h/b", minSeverity: .info)
        #expect(one.name == NotifySettings.Webhook(url: "https://h/a", minSeverity: .critical).name)
        #expect(one.name != other.name)
        #expect(ChannelName.kind(of: one.name.text) == "webhook")
    }
}
