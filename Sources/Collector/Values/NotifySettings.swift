import Domain
import Platform

/// `notify` in collector.json5: who hears of alerts and locks.
package struct NotifySettings: Sendable {
    package struct Webhook: Sendable {
        package var url: String
        package var minSeverity: Severity
        package var secretFile: String?
        package var caFile: String?

        /// By the address, so that its place in the list does not matter.
        package var name: ChannelName {
            let digest = Digest.sha256(Array(url.utf8)).prefix(6)
            return ChannelName(.webhook, key: Digest.hex(Array(digest)))
        }

        /// Scheme, host and port: the path of many services is a secret.
        package var shownURL: String {
            let parts = url.split(separator: "/", omittingEmptySubsequences: true)
            return parts.count > 1
                ? "\(parts[0])//\(parts[1].prefix { $0 != "?" && $0 != "#" })/…" : "webhook"
        }
    }

    package struct Email: Sendable {
        package var server: String
        package var from: String
        package var to: [String]
        package var minSeverity: Severity
        package var user: String?
        package var passwordFile: String?
        package var caFile: String?

        /// STARTTLS may be missing only on the machine itself.
        package var isLoopback: Bool {
            let host = NotifySettings.host(of: server)
            // A name may begin like that, too: 127.example.
            let isAddress = host.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) }
            return host == "localhost" || host == "[::1]" || (isAddress && host.hasPrefix("127."))
        }
    }

    package struct Syslog: Sendable {
        package var socket: String
        package var minSeverity: Severity
    }

    package var webhooks: [Webhook] = []
    package var email: Email?
    package var syslog: Syslog?

    static let secretBytesMax = 4096
    static let webhooksMax = 16
    static let recipientsMax = 50

    /// The secret of a file, without the line end that editors leave.
    package static func secret(_ path: String) throws(FileError) -> [UInt8] {
        var bytes = try Files.read(path, bytesMax: secretBytesMax)
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw FileError(path: path, action: .use, detail: "it is empty", vi: "tệp trống")
        }
        return bytes
    }

    /// Files are looked at by those that need them (`serve`, `check-config`), not by every command:
    /// an operator's may not read the secrets.
    package func checkFiles(_ configFile: String) throws(ConfigProblems) {
        var problems: [ConfigProblem] = []
        func check(_ path: String?, _ key: String, isSecret: Bool) {
            guard let path else { return }
            do {
                if isSecret { _ = try Self.secret(path) } else { _ = try Files.read(path) }
            } catch {
                let name = configFile.split(separator: "/").last.map(String.init) ?? configFile
                problems.append(
                    ConfigProblem(file: name, keyPath: "notify.\(key)", message: "\(error)"))
            }
        }
        for (index, webhook) in webhooks.enumerated() {
            check(webhook.secretFile, "webhook[\(index)].secret_file", isSecret: true)
            check(webhook.caFile, "webhook[\(index)].ca_file", isSecret: false)
        }
        check(email?.passwordFile, "email.password_file", isSecret: true)
        check(email?.caFile, "email.ca_file", isSecret: false)
        guard problems.isEmpty else { throw ConfigProblems(problems) }
    }

    /// `[::1]` of `smtp://[::1]:25/x`.
    package static func host(of url: String) -> String {
        guard let start = url.firstRange(of: "://") else { return "" }
        let authority = url[start.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }
}
