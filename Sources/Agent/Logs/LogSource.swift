import Domain
import Platform

/// A log that the agent follows, as agent.json5 describes it (`logs: [{path, format, account, service}]`).
struct LogSource: Hashable, Sendable {
    enum Kind: String, Codable, Sendable {
        /// Each line is a query that was answered. It counts as allowed, unless the proxy answered it itself.
        case queries
        /// Each line is a query that the gateway let pass while the agent was down.
        case passed
    }

    var path: String
    var format: LogFormat
    var account: LogExpression
    var service: LogExpression
    var kind = Kind.queries
    /// The statuses with which the proxy answers without asking the NPD; used where the format has no
    /// `$upstream_status`. Such lines are not counted, like what the gateway rejects before it asks
    /// (docs/domain.md#counting).
    var unforwarded = Self.unforwardedStandard
    /// The system whose queries these are, where several stand behind this agent.
    var system: SystemCode?

    /// No login (401), not allowed (403), too fast (429), closed without an answer (444), no server available (503).
    static let unforwardedStandard: Set<Int> = [401, 403, 429, 444, 503]

    /// One place in the ledger is for the gateway's own log.
    static let logsMax = LedgerFile.cursorsMax - 1

    /// The name under which its cursor is kept: the first 8 bytes of the SHA-256 of its path (docs/store-format.md).
    var name: UInt64 {
        let digest = Digest.sha256([UInt8](path.utf8)).prefix(8)
        return max(1, digest.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// The gateway's own log of queries that it let pass unchecked. It does not tell who asked for what.
    static func passed(state: String) throws(LogFormatError) -> LogSource {
        let unknown = LogExpression(.constant([UInt8(ascii: "?")]))
        return LogSource(
            path: passedPath(state: state), format: try LogFormat(LogFormat.passed),
            account: unknown, service: unknown, kind: .passed, unforwarded: [])
    }

    static func passedPath(state: String) -> String { "\(state)/nginx/passed.log" }

    /// Reads `logs`; each complaint names its key. `systems` are those behind this agent if there are several; then
    /// each log must name its system.
    static func read(_ root: ConfigReader, systems: [SystemCode] = []) -> [LogSource] {
        let readers = root.children("logs")
        if readers.count > logsMax { root.problem("logs", "must be \(logsMax) logs at most") }
        var paths: Set<String> = []
        return readers.compactMap { reader in
            let path = reader.required("path")
            var source = one(reader, path)
            if !systems.isEmpty { source?.system = system(reader, systems) }
            if !path.isEmpty {
                if !path.hasPrefix("/") { reader.problem("path", "must be a whole path: /…") }
                if !paths.insert(path).inserted {
                    reader.problem("path", "must not be followed twice")
                }
            }
            return source
        }
    }

    private static func system(_ reader: ConfigReader, _ systems: [SystemCode]) -> SystemCode? {
        let text = reader.required("system")
        if let system = SystemCode(text), systems.contains(system) { return system }
        if !text.isEmpty {
            reader.problem(
                "system",
                "must be one of systems: " + systems.map(\.rawValue).joined(separator: ", "))
        }
        return nil
    }

    private static func one(_ reader: ConfigReader, _ path: String) -> LogSource? {
        let formatText = reader.string("format") ?? "combined"
        let account = expression(reader, "account", .account)
        let service = expression(reader, "service", .service)
        let unforwarded =
            reader.integers("unforwarded", in: 100...599, countMax: 100).map { Set($0) }
            ?? unforwardedStandard
        let format: LogFormat
        do {
            format = try LogFormat(formatText)
        } catch {
            reader.problem("format", "it \(error)")
            return nil
        }
        guard let account, let service else { return nil }
        // Each expression is tried alone, so that the complaint names the key that does not fit.
        let constant = LogExpression(.constant([UInt8(ascii: "?")]))
        let tries: [(key: String, account: LogExpression, service: LogExpression, Bool)] = [
            ("account", account, constant, false), ("service", constant, service, false),
            ("format", constant, constant, true),
        ]
        var fits = true
        for (key, account, service, needsTime) in tries {
            do {
                _ = try LineReader(
                    format, account: account, service: service, needsTime: needsTime)
            } catch {
                fits = false
                reader.problem(
                    reader.has(key) ? key : "format",
                    reader.has(key) && key != "format" ? "the format \(error)" : "it \(error)")
            }
        }
        guard fits else { return nil }
        return LogSource(
            path: path, format: format, account: account, service: service,
            unforwarded: unforwarded)
    }

    private static func expression(
        _ reader: ConfigReader, _ key: String, _ standard: LogExpression
    ) -> LogExpression? {
        guard let text = reader.string(key) else { return standard }
        do {
            return try LogExpression(text)
        } catch {
            reader.problem(key, "\(error)")
            return nil
        }
    }
}
