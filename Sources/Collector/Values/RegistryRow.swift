import Domain
import Platform

/// A value as a table's column takes it.
package typealias StoredValue = SQLiteValue

/// One row of a registry file, with its cells as the table holds them.
package struct RegistryRow {
    package let line: Int
    package let key: [StoredValue]
    package let values: [StoredValue]

    package init(
        line: Int, key: [StoredValue], values: [StoredValue]
    ) {
        self.line = line
        self.key = key
        self.values = values
    }

    /// The name, which compares byte for byte.
    package var name: ExactText { Self.name(key) }

    package static func name(_ key: [StoredValue]) -> ExactText {
        ExactText(key.map(\.asText).joined(separator: "\u{1F}"))
    }

    package var system: SystemCode { SystemCode(unchecked: key.first?.asText ?? "") }
}

extension StoredValue {
    package var asText: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        default: ""
        }
    }

    package var asNumber: Int64 { if case .integer(let number) = self { number } else { 0 } }

    /// Compares as the table does: byte for byte.
    package func isSame(as other: StoredValue) -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): a.utf8.elementsEqual(b.utf8)
        default: self == other
        }
    }
}

/// What an import does to a row.
package enum RegistryChange {
    case added(RegistryRow)
    case changed(RegistryRow, former: [StoredValue])
    case removed(key: [StoredValue], former: [StoredValue])
}
