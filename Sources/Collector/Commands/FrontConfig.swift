import CollectorValues
import Glibc
import Platform
import Wire

/// The collector's TLS front as nginx configuration (front.conf beside this file): it passes only `/v1/`, to the unix
/// sockets.
struct FrontConfig {
    let config: CollectorConfig
    /// Where nginx keeps its pid and its buffers.
    let folder: String
    let logs: String
    /// Where bodies go that do not fit its memory; only those that came with a good token.
    let bodies: String
    /// The folder of server.pem and server.key.
    let credentials: String

    /// Without options everything is in the state folder, for one user's nginx (`make demo`). Under systemd the front
    /// runs as a user of its own, who never sees that folder.
    init(config: CollectorConfig, _ command: ParsedCommand) {
        self.config = config
        folder = command.option("folder") ?? "\(config.state)/nginx"
        logs = command.option("logs") ?? folder
        bodies = command.option("bodies") ?? "\(folder)/body"
        credentials = command.option("credentials") ?? config.state
    }

    /// Returns what is wrong with a path that means something else in nginx's configuration; nil if all is well.
    func problem() -> String? {
        [folder, logs, bodies, credentials].first { path in
            !path.hasPrefix("/")
                || path.unicodeScalars.contains {
                    $0.value <= 32 || $0.value == 127 || "\"'\\$;{}#".unicodeScalars.contains($0)
                }
        }
    }

    /// Makes the folder where nginx writes its logs.
    func makeFolder() throws { try Files.makeFolder(folder, mode: 0o755) }

    func standalone() -> String {
        filled(
            """
            # Written by chot-collector nginx-config --standalone; change collector.json5 instead.
            # A whole nginx.conf for nginx -c.
            \(text)
            """)
    }

    /// Returns what goes into the http block of the host's nginx.
    func http() -> String {
        var isInside = true
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line == "# >>> standalone" { isInside = false }
            defer { if line == "# <<< standalone" { isInside = true } }
            return isInside && line != "# <<< standalone"
        }
        return filled(
            """
            # Written by chot-collector nginx-config; change collector.json5 instead.
            # A part of one: include it in the http {} block of this host's nginx. A whole one: --standalone.
            \(lines.joined(separator: "\n"))
            """)
    }

    private var text: String { String(decoding: PackageResources.front_conf, as: UTF8.self) }

    private func filled(_ text: String) -> String {
        let name = UserDatabase.user(getuid())?.name ?? "root"
        let group = UserDatabase.groupName(getgid()) ?? name
        return
            text
            .replacing("@USER_LINE@", with: getuid() == 0 ? "user \(name) \(group);" : "")
            .replacing("@FOLDER@", with: folder)
            .replacing("@LOGS@", with: logs)
            .replacing("@BODIES@", with: bodies)
            .replacing("@CREDENTIALS@", with: credentials)
            .replacing("@BODIES_AN_ADDRESS@", with: "\(config.front.bodies)")
            .replacing("@LARGE_BODIES_AN_ADDRESS@", with: "\(config.front.largeBodies)")
            .replacing("@PUSH_BYTES@", with: "\(Limits.pushBytesMax)")
            .replacing("@REQUEST_BYTES@", with: "\(Limits.requestBytesMax)")
            .replacing("@BUFFER_BYTES@", with: "\(FrontLimits.bufferBytes)")
            .replacing("@REQUESTS_AN_ADDRESS@", with: "\(config.front.requests)")
            .replacing("@ENROLMENTS@", with: "\(config.front.enrolments)")
            .replacing("@LISTEN@", with: "\(config.listen)")
            .replacing("@API_SOCKET@", with: config.apiSocket)
            .replacing("@WAIT_SOCKET@", with: config.waitSocket)
    }
}
