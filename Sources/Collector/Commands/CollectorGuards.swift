import CollectorValues
import Platform

/// Checks that others cannot reach the collector's files. Used by `serve` and `check-config`.
struct CollectorGuards {
    let config: CollectorConfig
    let configPath: String

    /// Files that everybody may read.
    private static let open: Set<String> = ["keys.jws", "ca.pem", "server.pem", "collector.json5"]

    var paths: [GuardedPath] {
        let notify = config.notify
        let secrets = notify.webhooks.map(\.secretFile) + [notify.email?.passwordFile]
        let authorities = notify.webhooks.map(\.caFile) + [notify.email?.caFile]
        let sockets = [config.apiSocket, config.waitSocket, config.adminSocket]
        return GuardedPath.state(config.state, open: Self.open)
            + (Files.isFolder("\(config.state)/root")
                ? GuardedPath.state("\(config.state)/root") : [])
            + sockets.map { GuardedPath(Files.folder(of: $0), .socketFolder) }
            + secrets.compactMap { $0.map { GuardedPath($0, .secretKey) } }
            + authorities.compactMap { $0.map { GuardedPath($0, .settings) } }
            + GuardedPath.configuration(configPath)
    }
}
