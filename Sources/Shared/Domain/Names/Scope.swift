/// What a lock stops, from narrow to wide (docs/domain.md#locks). It is written `kind=value`, split at the last `@`.
public enum Scope: Hashable, Sendable {
    case account(Login, SystemCode)
    case service(ServiceName, SystemCode)
    /// One source address at one system.
    case ip(String, SystemCode)
    case system(SystemCode)
    case unit(UnitCode)
    /// One source address everywhere.
    case ipEverywhere(String)
    /// A registered person, by an opaque id of the registry; it is expanded into the accounts of that person.
    case person(String)

    public init?(_ text: String) {
        // The text is split by bytes: to Swift, "=" with an accent behind it is another character.
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")),
            let value = String(text.utf8[text.utf8.index(after: equals)...])
        else { return nil }
        let at = value.utf8.lastIndex(of: UInt8(ascii: "@"))
        let left = at.flatMap { String(value.utf8[..<$0]) }
        let right = at.flatMap { String(value.utf8[value.utf8.index(after: $0)...]) }
        let system = right.flatMap { SystemCode($0) }
        switch (String(text.utf8[..<equals]) ?? "", left, right) {
        case ("account", let login?, _):
            guard let login = Login(login), let system else { return nil }
            self = .account(login, system)
        case ("service", let service?, _):
            guard let service = ServiceName(service), let system else { return nil }
            self = .service(service, system)
        case ("ip", let address?, "*"):
            guard isAddress(address) else { return nil }
            self = .ipEverywhere(address)
        case ("ip", let address?, _):
            guard isAddress(address), let system else { return nil }
            self = .ip(address, system)
        case ("person", let id?, "*"):
            guard (1...64).contains(id.utf8.count),
                id.utf8.allSatisfy({
                    isLowerAlphanumeric($0) || (65...90).contains($0) || $0 == 45 || $0 == 95
                })
            else { return nil }
            self = .person(id)
        case ("system", nil, _):
            guard let system = SystemCode(value) else { return nil }
            self = .system(system)
        case ("unit", nil, _):
            guard let unit = UnitCode(value) else { return nil }
            self = .unit(unit)
        default:
            return nil
        }
    }

    /// The system whose lock set carries the lock; nil when the nation's set does (unit, address everywhere), or when
    /// it is expanded first (person).
    public var system: SystemCode? {
        switch self {
        case .account(_, let system), .service(_, let system), .ip(_, let system),
            .system(let system):
            system
        case .unit, .ipEverywhere, .person: nil
        }
    }

    /// Wide scopes are locked only after the scope was typed twice (`--confirm`).
    public var needsConfirmation: Bool {
        switch self {
        case .unit, .ipEverywhere, .person: true
        default: false
        }
    }

    public static let rule = """
        a scope is account=LOGIN@SYSTEM, service=NAME@SYSTEM, ip=ADDRESS@SYSTEM, system=SYSTEM, \
        unit=UNIT, ip=ADDRESS@* or person=ID@*
        """
}

private func isAddress(_ text: String) -> Bool {
    (2...45).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            (48...57).contains($0) || (65...70).contains($0) || (97...102).contains($0) || $0 == 46
                || $0 == 58
        }
}

extension Scope: CustomStringConvertible, Codable {
    public var description: String {
        switch self {
        case .account(let login, let system): "account=\(login)@\(system)"
        case .service(let service, let system): "service=\(service)@\(system)"
        case .ip(let address, let system): "ip=\(address)@\(system)"
        case .system(let system): "system=\(system)"
        case .unit(let unit): "unit=\(unit)"
        case .ipEverywhere(let address): "ip=\(address)@*"
        case .person(let id): "person=\(id)@*"
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let scope = Scope(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.rule)
        }
        self = scope
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
