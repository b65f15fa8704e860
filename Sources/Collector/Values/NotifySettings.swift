import Domain
import Platform

/// `notify` in collector.json5: who is notified of alerts and locks.
package struct NotifySettings: Sendable {
    package struct Webhook: Sendable {
        package var url: String
        package var minSeverity: Severity
        package var secretFile: String?
        package var caFile: String?

        /// Made from the address, so that its place in the list does not matter.
        package var name: ChannelName {
            let digest = Digest.sha256(Array(url.utf8)).prefix(6)
            return ChannelName(.webhook, key: Digest.hex(Array(digest)))
        }

        /// Shows scheme, host and port only, because the path is a secret with many services.
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

        /// Only a server on this machine may do without STARTTLS.
        package var isLoopback: Bool {
            let host = NotifySettings.host(of: server)
            // The name of a host may begin like that, too: 127.example.
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

    /// Reads a secret from a file, without the line end that editors append.
    package static func secret(_ path: String) throws(FileError) -> [UInt8] {
        var bytes = try Files.read(path, bytesMax: secretBytesMax)
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw FileError(path: path, action: .use, detail: "it is empty", vi: "tệp trống")
        }
        return bytes
    }

    /// Checks the files. Only commands that need them call this (`serve`, `check-config`): an operator who runs another
    /// one may not be allowed to read the secrets.
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

    /// Returns `[::1]` for `smtp://[::1]:25/x`.
    package static func host(of url: String) -> String {
        guard let start = url.firstRange(of: "://") else { return "" }
        let authority = url[start.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end])
        }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }
}
