import Platform
import Testing

@Suite("MailClient", .timeLimit(.minutes(1))) struct MailClientTests {
    private let message = MailMessage(
        from: "a@b.example", to: ["c@d.example"], subject: "x", body: "y", messageID: "1@b.example",
        dateMilliseconds: 0)

    @Test("a server that is away is unavailable, and no secret is in the words")
    func away() async throws {
        var options = MailClientOptions(server: "smtp://127.0.0.1:1")
        options.user = "chot"
        options.password = "hunter2"
        let asked = options
        await #expect(
            performing: {
                try await onOwnThread { try MailClient().send(message, asked) }
            },
            throws: { error in
                guard case .unavailable? = error as? MailClientError else { return false }
                return !"\(error)".contains("hunter2")
            })
    }

    @Test("where TLS is required, a server without it gets no mail and no password")
    func plain() async throws {
        let server = ScriptedMailServer(recipient: "250 ok")
        var options = MailClientOptions(server: server.url)
        (options.user, options.password) = ("chot", "hunter2")
        let asked = options
        await #expect(
            performing: { try await onOwnThread { try MailClient().send(message, asked) } },
            throws: {
                if case .unavailable? = $0 as? MailClientError { return true }
                return false
            })
        let said = await server.said()
        #expect(said.contains { $0.hasPrefix("EHLO") })
        #expect(!said.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    }

    @Test("a server's no to this message is told apart from its not now", arguments: [550, 451])
    func refused(_ code: Int) async throws {
        let server = ScriptedMailServer(recipient: "\(code) no")
        var options = MailClientOptions(server: server.url)
        options.requiresTLS = false
        let asked = options
        await #expect(
            performing: { try await onOwnThread { try MailClient().send(message, asked) } },
            throws: {
                switch $0 as? MailClientError {
                case .refused(code, _)?: code == 550
                case .unavailable?: code == 451
                default: false
                }
            })
    }

    @Test("after cancel nothing is sent")
    func cancelled() async throws {
        let client = MailClient()
        client.cancel()
        await #expect(
            performing: {
                try await onOwnThread {
                    try client.send(message, MailClientOptions(server: "smtp://127.0.0.1:1"))
                }
            },
            throws: {
                if case .cancelled? = $0 as? MailClientError { return true }
                return false
            })
    }
}
