import Domain
import Platform

extension AgentConfig {
    /// One of several information systems behind this agent, and how its queries are known.
    struct System: Sendable, Equatable {
        enum Match: Sendable, Equatable {
            /// The system's queries have one of these values as `MaTichHop` of the SOAP body.
            case integration([String])
            /// The system's queries have a request header, passed on by the gateway, with exactly one of these values.
            case header(name: String, values: [String])
            /// The system's queries come in by this address of the gateway.
            case listen(ListenAddress)
        }

        let code: SystemCode
        /// How this system's queries are known; nil when it gets whatever belongs to no other system.
        let match: Match?
    }

    /// Each system takes two threads and 16 MiB of disk.
    static let systemsMax = 64
    static let headersMax = 8
    static let valuesMax = 256
    static let valueBytesMax = 256

    /// The folder in which a system's own key, ledger, outbox and orders lie.
    static func folder(of system: SystemCode, in state: String) -> String {
        "\(state)/systems/\(system)"
    }

    /// This configuration as the post of one system reads it, with that system's own state folder.
    func forPost(of system: SystemCode) -> AgentConfig {
        var config = self
        config.state = Self.folder(of: system, in: state)
        config.logs = logs.filter { $0.system == system }
        config.commonState = state
        return config
    }

    /// Every address on which the gateway listens: its own, and those by which systems are told apart.
    var gatewayListens: [ListenAddress] {
        guard let gateway else { return [] }
        return [gateway.listen]
            + systems.compactMap {
                if case .listen(let address) = $0.match, address != gateway.listen {
                    return address
                }
                return nil
            }
    }

    /// The headers by which systems are told apart, in lower case.
    var matchedHeaders: [String] {
        var names: [String] = []
        for case .header(let name, _) in systems.compactMap(\.match) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The headers, besides our own, that say whose a query is, in lower case; the gateway takes each at most once.
    /// In mode "headers" they include those from which account and service are taken.
    var headersOnce: [String] {
        var names = matchedHeaders
        guard mode == .headers, let gateway else { return names }
        for variable in [gateway.accountVariable, gateway.serviceVariable] {
            var name: String?
            if variable.hasPrefix("$http_") {
                name = String(variable.dropFirst(6).map { $0 == "_" ? "-" : $0 })
            } else if variable == "$remote_user" {
                name = "authorization"
            }
            if let name, !names.contains(name) { names.append(name) }
        }
        return names
    }

    // MARK: reading

    static func systems(_ root: ConfigReader, _ mode: SensingMode, _ gateway: Gateway?) -> [System]
    {
        let readers = root.children("systems")
        if readers.count > systemsMax {
            root.problem("systems", "must name at most \(systemsMax) systems")
        }
        if !readers.isEmpty, gateway?.onAgentDown == .pass {
            root.problem(
                "systems",
                "cannot be used with gateway.onAgentDown \"pass\": whose a query was that passed unjudged, nobody knows"
            )
        }
        var claims = Claims()
        var systems: [System] = []
        for reader in readers.prefix(systemsMax) {
            let text = reader.required("system")
            let matching = reader.has("match") ? reader.child("match") : nil
            let match = matching.flatMap { Self.match($0, of: reader, &claims) }
            if mode == .headers, case .integration = match {
                matching?.problem(
                    "MaTichHop", "stands in a SOAP body, which authorize.mode headers does not read"
                )
            }
            if gateway == nil, case .listen = match {
                matching?.problem("listen", "needs a gateway, and none is configured")
            }
            guard let code = SystemCode(text) else {
                if !text.isEmpty { reader.problem("system", "must be \(SystemCode.rule.en)") }
                continue
            }
            if !claims.take("system \(code)") {
                reader.problem("system", "stands in an entry before it already")
            }
            if matching == nil, !claims.take("default") {
                reader.problem("match", "must be given: an entry before it has none either")
            }
            systems.append(System(code: code, match: match))
        }
        if claims.headers.count > headersMax {
            root.problem("systems", "must match by at most \(headersMax) different headers")
        }
        return systems
    }

    /// The values that earlier entries match already. An entry that repeats one would never be reached.
    private struct Claims {
        private var taken: Set<String> = []
        var headers: Set<String> = []

        mutating func take(_ claim: String) -> Bool { taken.insert(claim).inserted }
    }

    private static func match(
        _ reader: ConfigReader, of entry: ConfigReader, _ claims: inout Claims
    ) -> System.Match? {
        let kinds = ["MaTichHop", "header", "listen"].filter(reader.has)
        guard kinds.count == 1 else {
            entry.problem("match", "must hold exactly one of MaTichHop, header, listen")
            return nil
        }
        switch kinds[0] {
        case "MaTichHop":
            return .integration(values(reader, "MaTichHop", "MaTichHop", &claims))
        case "header":
            let header = reader.child("header")
            let name = header.required("name").lowercased()
            if !isMatchable(name) {
                header.problem(
                    "name",
                    "must be a header of the client's own: letters, digits and -, at most 64, not Host, Content-…, X-Chot-… or what proxies set"
                )
            }
            claims.headers.insert(name)
            return .header(name: name, values: values(header, "value", "header \(name)", &claims))
        default:
            let text = reader.required("listen")
            guard let address = ListenAddress(text) else {
                reader.problem("listen", "must be unix:/path or ADDRESS:PORT")
                return nil
            }
            if !claims.take("listen \(address)") {
                reader.problem("listen", "stands in an entry before it already")
            }
            return .listen(address)
        }
    }

    /// Reads a string or a list of strings.
    private static func values(
        _ reader: ConfigReader, _ key: String, _ what: String, _ claims: inout Claims
    ) -> [String] {
        let isList = reader.isList(key)
        if !isList, !reader.has(key) { _ = reader.required(key) }
        let values = isList ? reader.strings(key) ?? [] : reader.string(key).map { [$0] } ?? []
        if isList, values.isEmpty || values.count > valuesMax {
            reader.problem(key, "must hold 1 to \(valuesMax) values")
        }
        // A header may carry a secret, so its values are not shown.
        func complain(_ value: String, _ problem: String) {
            if key == "value" {
                reader.secretProblem(key, "a value \(problem)")
            } else {
                reader.problem(key, "\"\(shown(value))\" \(problem)")
            }
        }
        for value in values {
            let isPlain =
                (1...valueBytesMax).contains(value.utf8.count)
                && value.utf8.allSatisfy { $0 >= 32 && $0 != 127 } && value.utf8.first != 32
                && value.utf8.last != 32
            if !isPlain {
                complain(
                    value,
                    "must have 1 to \(valueBytesMax) bytes, without control characters or space around it"
                )
            }
            if !claims.take("\(what) \(value)") {
                complain(value, "stands before it already")
            }
        }
        return values
    }

    private static func isMatchable(_ name: String) -> Bool {
        let reserved: Set<String> = [
            "host", "connection", "expect", "te", "trailer", "upgrade", "keep-alive",
            "transfer-encoding", "x-real-ip", "x-request-id", "x-forwarded-for",
        ]
        return (1...64).contains(name.utf8.count) && !reserved.contains(name)
            && !["x-chot-", "content-", "proxy-"].contains(where: name.hasPrefix)
            && name.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 45
            }
    }
}
