import Glibc
import Platform

/// The collector's TLS front as nginx configuration (front.conf beside this file): only `/v1/` passes, to the unix sockets.
struct FrontConfig {
    let config: CollectorConfig

    /// Where nginx writes its logs.
    func makeFolder() throws { try Files.makeFolder("\(config.state)/nginx", mode: 0o755) }

    func standalone() -> String {
        filled(
            """
            # Written by chot-collector nginx-config --standalone; change collector.json5 instead.
            # A whole nginx.conf for nginx -c.
            \(text)
            """)
    }

    /// What goes into the http block of an nginx of the host.
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

    /// Said anew wherever a location says more: nginx inherits either all of them or none.
    private static let errorPages = """
        error_page 413 @too_large; error_page 414 @too_long; error_page 429 @too_many; \
        error_page 502 504 =503 @collector_down;
        """

    /// Bodies that do not fit into memory lie apart from the database's disk: in the service's runtime folder.
    private var bodies: String {
        guard let runtime = getenv("RUNTIME_DIRECTORY").map({ String(cString: $0) }),
            runtime.hasPrefix("/"), !runtime.contains(":")
        else { return "\(config.state)/nginx/body" }
        return "\(runtime)/body"
    }

    private var text: String { String(decoding: PackageResources.front_conf, as: UTF8.self) }

    private func filled(_ text: String) -> String {
        let name = UserDatabase.user(getuid())?.name ?? "root"
        let group = UserDatabase.groupName(getgid()) ?? name
        return
            text
            .replacing("@USER_LINE@", with: getuid() == 0 ? "user \(name) \(group);" : "")
            .replacing("@STATE@", with: config.state)
            .replacing("@ERROR_PAGES@", with: Self.errorPages)
            .replacing("@BODIES@", with: bodies)
            .replacing("@CONNECTIONS@", with: "\(config.connectionsPerAddress)")
            .replacing("@LISTEN@", with: "\(config.listen)")
            .replacing("@API_SOCKET@", with: config.apiSocket)
            .replacing("@WAIT_SOCKET@", with: config.waitSocket)
    }
}
