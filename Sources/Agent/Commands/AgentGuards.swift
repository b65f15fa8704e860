import Platform

/// The agent's files and folders that other users must not reach. `run` and `check-config` look at them.
struct AgentGuards {
    let config: AgentConfig
    let configPath: String

    /// This file holds keys of the day and of officers.
    private static let secret: Set<String> = ["policy.jws"]

    var paths: [GuardedPath] {
        let folders =
            [config.state]
            + config.systems.map { AgentConfig.folder(of: $0.code, in: config.state) }
        var paths = folders.flatMap { GuardedPath.state($0, secret: Self.secret) }
        for folder in folders where Files.isFolder("\(folder)/log") {
            paths.append(GuardedPath("\(folder)/log", .folder))
        }
        if case .unix(let socket) = config.authorize {
            paths.append(GuardedPath(Files.folder(of: socket), .socketFolder))
        }
        if let gateway = config.gateway { paths.append(GuardedPath(gateway.upstreamCA, .settings)) }
        // The proxy's URL may contain a user and password.
        let holdsSecret = config.proxy?.contains("@") ?? false
        return paths + GuardedPath.configuration(configPath, holdsSecret: holdsSecret)
    }
}
