/// The code of a unit, as in the list of identification codes: `H26`, `G01`.
public struct UnitCode: Name {
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let rule =
        Localized(
            vi: "mã đơn vị dạng H26: một chữ hoa, rồi 1 đến 5 chữ hoặc số",
            en: "a unit code like H26: one capital letter, then 1 to 5 letters or digits")

    public static func accepts(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (2...6).contains(bytes.count), (65...90).contains(bytes[0]) else { return false }
        return bytes.dropFirst().allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
    }
}

/// The code of an information system: its unit, a dot, and our alias: `H26.motcua`.
public struct SystemCode: Name {
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let rule =
        Localized(
            vi: "mã hệ thống dạng H26.motcua: mã đơn vị, dấu chấm, 1 đến 32 ký tự a–z 0–9 - _",
            en: "a system code like H26.motcua: unit code, dot, 1 to 32 of a–z 0–9 - _")

    public static func accepts(_ text: String) -> Bool {
        guard let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
        let alias = text.utf8[text.utf8.index(after: dot)...]
        return UnitCode.accepts(String(text[..<dot])) && (1...32).contains(alias.count)
            && alias.allSatisfy { isLowerAlphanumeric($0) || $0 == 45 || $0 == 95 }
    }

    public var unit: UnitCode {
        UnitCode(unchecked: String(rawValue.prefix { $0 != "." }))
    }
}

/// One signed stream of one system: `H26.motcua/1`.
public struct AgentID: Name {
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let rule = Localized(
        vi: "mã điểm chốt dạng H26.motcua/1: mã hệ thống, dấu /, số từ 1 đến 9999",
        en: "an agent like H26.motcua/1: system code, slash, number 1 to 9999")

    public init(system: SystemCode, number: Int) { rawValue = "\(system.rawValue)/\(number)" }

    public static func accepts(_ text: String) -> Bool {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        let number = text.utf8[text.utf8.index(after: slash)...]
        return SystemCode.accepts(String(text[..<slash])) && (1...4).contains(number.count)
            && number.allSatisfy { (48...57).contains($0) } && number.first != 48
    }

    public var system: SystemCode {
        SystemCode(unchecked: String(rawValue.prefix { $0 != "/" }))
    }

    public var number: Int { Int(rawValue.drop { $0 != "/" }.dropFirst()) ?? 0 }
}

/// The name of an NPD service as on the wire: `TraCuuThongTinCongDan`. The set is open.
public struct ServiceName: Name {
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let rule =
        Localized(
            vi: "tên dịch vụ: 1 đến 128 byte, không có ký tự điều khiển, không có @ và *",
            en: "a service name: 1 to 128 bytes, no control characters, no @, no *")

    public static func accepts(_ text: String) -> Bool {
        isPlainName(text) && !text.utf8.contains { $0 == 64 || $0 == 42 }
    }

    /// The service of a query that could not be read.
    public static let unknown = ServiceName(unchecked: "?")
    /// The name under which services beyond an interval's bound are counted together.
    public static let folded = ServiceName(unchecked: "*other")
}

/// A login registered for a system, the `TaiKhoan` of a query. It is not unique across systems.
public struct Login: Name {
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let rule = Localized(
        vi: "tên tài khoản: 1 đến 128 byte, không có ký tự điều khiển, không bắt đầu bằng *",
        en: "a login: 1 to 128 bytes, no control characters, not starting with *")

    public static func accepts(_ text: String) -> Bool { isPlainName(text) && !text.hasPrefix("*") }

    /// The login of a query that names no account (a synchronisation by date range).
    public static let none = Login(unchecked: "-")
    /// The login of a query whose account could not be read, or that passed while the agent was down.
    public static let unknown = Login(unchecked: "?")
    /// The name under which unregistered logins beyond an interval's bound are counted together.
    public static let folded = Login(unchecked: "*other")
}

/// An account: a login of one system, `canbo1@H26.motcua`.
public struct Account: Hashable, Sendable, CustomStringConvertible {
    public let login: Login
    public let system: SystemCode

    public init(_ login: Login, _ system: SystemCode) {
        self.login = login
        self.system = system
    }

    public var description: String { "\(login)@\(system)" }
}
