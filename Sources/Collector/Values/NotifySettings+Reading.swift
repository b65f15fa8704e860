import Domain
import Platform

extension NotifySettings {
    package static func read(_ reader: ConfigReader) -> NotifySettings {
        var settings = NotifySettings()
        settings.webhooks = reader.children("webhook").map(webhook)
        if settings.webhooks.count > webhooksMax {
            reader.problem("webhook", "holds more than \(webhooksMax)")
        }
        if Set(settings.webhooks.map(\.url)).count < settings.webhooks.count {
            reader.problem("webhook", "must hold each url once")
        }
        if reader.has("email") { settings.email = email(reader.child("email")) }
        if reader.has("syslog") { settings.syslog = syslog(reader.child("syslog")) }
        return settings
    }

    private static func webhook(_ reader: ConfigReader) -> Webhook {
        let url = reader.required("url")
        if !url.isEmpty, !isURL(url, schemes: ["https", "http"]) {
            reader.secretProblem(
                "url", "must be https://HOST[:PORT]/PATH or http://…, without user and password")
        }
        return Webhook(
            url: url, minSeverity: reader.oneOf("min_severity", default: Severity.info),
            secretFile: path(reader, "secret_file"), caFile: path(reader, "ca_file"))
    }

    private static func email(_ reader: ConfigReader) -> Email {
        let server = reader.required("server")
        if !server.isEmpty, !isURL(server, schemes: ["smtp", "smtps"]) {
            reader.secretProblem(
                "server",
                "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]; user and password_file stand apart"
            )
        }
        let from = reader.required("from")
        if !from.isEmpty, !MailMessage.isAddress(from) {
            reader.problem("from", "must be an address like chot@example.gov.vn")
        }
        let to = reader.strings("to") ?? []
        if to.isEmpty { reader.problem("to", "must be a list of at least one address") }
        if to.count > recipientsMax {
            reader.problem("to", "must hold at most \(recipientsMax) addresses")
        }
        for address in to where !MailMessage.isAddress(address) {
            reader.problem(
                "to", "\"\(shown(address))\" must be an address like truc@example.gov.vn")
        }
        let user = reader.string("user")
        if let user, !user.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
            reader.secretProblem("user", "must be of one line, without control characters")
        }
        let passwordFile = path(reader, "password_file")
        if (user == nil) != (passwordFile == nil) {
            let key = user == nil ? "user" : "password_file"
            reader.problem(key, "user and password_file go together")
        }
        return Email(
            server: server, from: from, to: to,
            minSeverity: reader.oneOf("min_severity", default: Severity.info), user: user,
            passwordFile: passwordFile, caFile: path(reader, "ca_file"))
    }

    private static func syslog(_ reader: ConfigReader) -> Syslog {
        Syslog(
            socket: path(reader, "socket") ?? "/dev/log",
            minSeverity: reader.oneOf("min_severity", default: Severity.info))
    }

    private static func path(_ reader: ConfigReader, _ key: String) -> String? {
        guard let path = reader.string(key) else { return nil }
        if !path.hasPrefix("/") || path.utf8.contains(0) {
            reader.problem(key, "must be a whole path, from / on")
        }
        return path
    }

    private static func isURL(_ text: String, schemes: [String]) -> Bool {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isPlain, text.utf8.count <= 2000,
            schemes.contains(where: { text.hasPrefix("\($0)://") })
        else { return false }
        let authority = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard authority.count > 2, !text.utf8.contains(UInt8(ascii: "#")) else { return false }
        // A password may hold a slash, as in us:er/x@host; what follows it is then no port.
        let place = authority[2].prefix { $0 != "/" && $0 != "?" }
        let behind = place.dropFirst(host(of: text).count)
        let isPort = behind.first == ":" && UInt16(behind.dropFirst()) != nil
        return !host(of: text).isEmpty && !place.contains("@") && (behind.isEmpty || isPort)
    }
}
