/// The elements of a query that are read.
enum SoapField: Int, CaseIterable {
    case login, subject, oldSubject, officer, integration
    /// `Action` of a header block (WS-Addressing), which names the service once more.
    case action
    case messageID, serviceUnit

    var name: StaticString {
        switch self {
        case .login: "TaiKhoan"
        case .subject: "SoDinhDanh"
        case .oldSubject: "SoCMND"
        case .officer: "MaCanBo"
        case .integration: "MaTichHop"
        case .action: "Action"
        case .messageID: "MaYeuCau"
        case .serviceUnit: "MaDVC"
        }
    }

    /// Whether the query is judged by it. If it stood twice or elsewhere, agent and NPD might read different values.
    var isJudged: Bool { rawValue <= SoapField.integration.rawValue }

    /// Whether its content must be one piece of text, which everybody reads alike.
    var isPlain: Bool { rawValue <= SoapField.action.rawValue }

    /// How an element's name is written, beside the name for which it may be taken.
    enum Match {
        case exact(SoapField)
        /// The name differs in capitals, which some readers do not tell apart.
        case twin(SoapField)
        /// `Envelope` or `Body`, in any capitals.
        case frame
    }

    static func named(_ name: UnsafeBufferPointer<UInt8>) -> Match? {
        switch name.count {
        case 4: isTwin(name, "Body") ? .frame : nil
        case 5: same(name, serviceUnit.name) ? .exact(.serviceUnit) : nil
        case 6: match(name, .oldSubject) ?? (same(name, action.name) ? .exact(.action) : nil)
        case 7: match(name, .officer)
        case 8:
            match(name, .login) ?? (same(name, messageID.name) ? .exact(.messageID) : nil)
                ?? (isTwin(name, "Envelope") ? .frame : nil)
        case 9: match(name, .integration)
        case 10: match(name, .subject)
        default: nil
        }
    }

    private static func match(_ name: UnsafeBufferPointer<UInt8>, _ field: SoapField) -> Match? {
        guard isTwin(name, field.name) else { return nil }
        return same(name, field.name) ? .exact(field) : .twin(field)
    }

    static func same(_ name: UnsafeBufferPointer<UInt8>, _ other: StaticString) -> Bool {
        other.withUTF8Buffer { name.count == $0.count && name.elementsEqual($0) }
    }

    /// Compares without regard to capital and small letters of ASCII; both texts hold letters only.
    static func isTwin(_ name: UnsafeBufferPointer<UInt8>, _ other: StaticString) -> Bool {
        other.withUTF8Buffer { other in
            guard name.count == other.count else { return false }
            for place in 0..<name.count where name[place] | 0x20 != other[place] | 0x20 {
                return false
            }
            return true
        }
    }
}
