import Domain
import Platform

/// What a table's column takes.
typealias StoredValue = SQLiteValue

/// One row of a registry file, its cells as the table holds them.
struct RegistryRow {
    let line: Int
    let key: [StoredValue]
    let values: [StoredValue]

    /// Byte for byte.
    var name: ExactText { Self.name(key) }

    static func name(_ key: [StoredValue]) -> ExactText {
        ExactText(key.map(\.asText).joined(separator: "\u{1F}"))
    }

    var system: SystemCode { SystemCode(unchecked: key.first?.asText ?? "") }
}

extension StoredValue {
    var asText: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        default: ""
        }
    }

    var asNumber: Int64 { if case .integer(let number) = self { number } else { 0 } }

    /// As the table compares: byte for byte.
    func isSame(as other: StoredValue) -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        default: self == other
        }
    }
}

/// What an import does to one row.
enum RegistryChange {
    case added(RegistryRow)
    case changed(RegistryRow, former: [StoredValue])
    case removed(key: [StoredValue], former: [StoredValue])
}
