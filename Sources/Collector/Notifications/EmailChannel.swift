import CollectorValues
import Domain
import Platform

/// Sends letters as e-mail in both languages. The message id is the letter's stable id, so that a repetition can be
/// recognised.
struct EmailChannel: NotificationChannel {
    package let settings: NotifySettings.Email
    private let client = MailClient()

    init(_ settings: NotifySettings.Email) { self.settings = settings }

    package var name: ChannelName { ChannelName(.email) }
    package var minSeverity: Severity { settings.minSeverity }
    func cancel() { client.cancel() }

    func deliver(_ letter: Letter) throws(DeliveryProblem) {
        var options = MailClientOptions(server: settings.server)
        options.requiresTLS = !settings.isLoopback
        options.caFile = settings.caFile
        options.user = settings.user
        if let file = settings.passwordFile {
            do {
                options.password = String(
                    decoding: try NotifySettings.secret(file), as: UTF8.self)
            } catch { throw .away("\(error)") }
        }
        do {
            try client.send(message(letter), options)
        } catch {
            switch error {
            case .refused: throw .refused("\(settings.server): \(error)")
            case .unavailable, .cancelled: throw .away("\(settings.server): \(error)")
            }
        }
    }

    package func message(_ letter: Letter) -> MailMessage {
        let domain = settings.from.split(separator: "@").last.map(String.init) ?? "chot"
        var headers = [("X-Chot-Notification", letter.id), ("X-Chot-Event", letter.event)]
        if letter.severity == .critical { headers.append(("X-Priority", "1")) }
        return MailMessage(
            from: settings.from, to: settings.to, subject: letter.subject, body: letter.text,
            messageID: "\(letter.id)@\(domain)", dateMilliseconds: letter.at.milliseconds,
            headers: headers)
    }
}
