import Domain

/// The counter of a ledger's record, stored as one byte in the file.
enum LedgerCounter: Hashable {
    case allowed, passed
    case denied(DenialReason)
    /// A rule noted the query and did not refuse it.
    case would(DenialReason)

    var byte: UInt8 {
        switch self {
        case .allowed: 0
        case .passed: 1
        case .denied(let reason): 0x40 + reason.rawValue
        case .would(let reason): 0x80 + reason.rawValue
        }
    }

    init?(byte: UInt8) {
        switch byte {
        case 0: self = .allowed
        case 1: self = .passed
        default:
            guard let reason = DenialReason(rawValue: byte & 0x3F) else { return nil }
            switch byte & 0xC0 {
            case 0x40: self = .denied(reason)
            case 0x80: self = .would(reason)
            default: return nil
            }
        }
    }
}
