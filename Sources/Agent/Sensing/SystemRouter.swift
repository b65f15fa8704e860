import Domain

/// Finds the system of a query: the first, in the order of the configuration, whose match holds, else the one without
/// a match. Pure; it takes a few look-ups in dictionaries, whatever the number of systems.
struct SystemRouter: Sendable {
    private var integrations: [ExactText: Int] = [:]
    private var listens: [String: Int] = [:]
    private var headers: [(name: String, places: [ExactText: Int])] = []
    private var standard: Int?

    /// Nil when no systems are configured, so that there is nothing to tell apart.
    init?(_ systems: [AgentConfig.System]) {
        guard !systems.isEmpty else { return nil }
        for (place, system) in systems.enumerated() {
            switch system.match {
            case nil: standard = standard ?? place
            case .integration(let values):
                integrations.merge(values.map { (ExactText($0), place) }) { first, _ in first }
            case .listen(let address):
                listens.merge([(address.description, place)]) { first, _ in first }
            case .header(let name, let values):
                if !headers.contains(where: { $0.name == name }) { headers.append((name, [:])) }
                for index in headers.indices where headers[index].name == name {
                    headers[index].places.merge(values.map { (ExactText($0), place) }) {
                        first, _ in first
                    }
                }
            }
        }
    }

    /// The names of the headers in lower case.
    var headerNames: [String] { headers.map(\.name) }

    /// The place of the query's system in the list; nil when it belongs to none.
    ///
    /// `integration` is the query's `MaTichHop`, empty when it has none; `listen` is the gateway's address by which
    /// it came; `header` looks up a header by its name in lower case.
    func index(integration: String, listen: String?, header: (String) -> String?) -> Int? {
        var best = Int.max
        if let place = integrations[ExactText(integration)] { best = place }
        if let listen, let place = listens[listen] { best = min(best, place) }
        for (name, places) in headers {
            if let value = header(name), let place = places[ExactText(value)] {
                best = min(best, place)
            }
        }
        return best == Int.max ? standard : best
    }

    /// The values that matched no system, for the refusal. Values of headers may be secret and are not shown.
    func unrecognised(integration: String, listen: String?) -> Localized {
        var vi: [String] = []
        var en: [String] = []
        if !integrations.isEmpty {
            if !integration.isEmpty {
                vi.append("MaTichHop \(shown(integration))")
                en.append("MaTichHop \(shown(integration))")
            } else {
                vi.append("không có MaTichHop")
                en.append("no MaTichHop")
            }
        }
        for (name, _) in headers {
            vi.append("tiêu đề \(name)")
            en.append("header \(name)")
        }
        if !listens.isEmpty {
            vi.append("địa chỉ nhận \(shown(listen ?? "?"))")
            en.append("listen address \(shown(listen ?? "?"))")
        }
        return Localized(vi: vi.joined(separator: "; "), en: en.joined(separator: "; "))
    }
}
