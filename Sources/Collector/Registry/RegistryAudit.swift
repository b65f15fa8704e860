import CollectorValues
import Domain
import Platform

/// What the audit log keeps of an import, within bounds: how much changed, the first rows with old and new numbers, and
/// the digest of all rows. The rows themselves stay in the registration's tables. The log is never rewritten, so
/// personal values are in it only as HMAC under a key that never leaves this collector.
struct RegistryAudit {
    static let rowsShown = 20

    package let plan: RegistryPlan
    package let registration: Int64
    package let key: [UInt8]

    package var text: String {
        get throws {
            let outcome = plan.outcome
            var parts = [
                "+\(outcome.added) ~\(outcome.changed) -\(outcome.removed)",
                "registration \(registration)", "sha256 \(plan.sha256)",
            ]
            // There may be many rows: a few are kept, and all are digested.
            let all = try RunningDigest()
            var count = 0
            for change in plan.changes {
                guard let line = try line(change) else { continue }
                if count < Self.rowsShown { parts.append(line) }
                all.add(Array((count > 0 ? "\n" + line : line).utf8)[...])
                count += 1
            }
            if count > Self.rowsShown { parts.append("… \(count) rows") }
            if count > 0 { parts.append("rows sha256 \(Digest.hex(all.finish()))") }
            return parts.joined(separator: "; ")
        }
    }

    private static let personal: Set<String> = [
        "full_name", "cccd", "officer_code", "phone", "contact", "email",
    ]

    /// Returns the line of a row that changed or was removed; new rows are in the tables.
    private func line(_ change: RegistryChange) throws -> String? {
        let columns = plan.kind.valueColumns
        switch change {
        case .added: return nil
        case .changed(let row, let former):
            let cells = columns.indices.filter { !former[$0].isSame(as: row.values[$0]) }.map {
                "\(columns[$0]) \(told(columns[$0], former[$0]))→\(told(columns[$0], row.values[$0]))"
            }
            return "~" + name(row.key) + " " + cells.joined(separator: ", ")
        case .removed(let key, let former):
            let cells = columns.indices.map { "\(columns[$0]) \(told(columns[$0], former[$0]))" }
            return "-" + name(key) + " " + cells.joined(separator: ", ")
        }
    }

    private func name(_ key: [StoredValue]) -> String {
        shown(
            key.dropFirst().map(\.asText).joined(separator: " ") + (key.count > 1 ? "@" : "")
                + (key.first?.asText ?? ""))
    }

    private func told(_ column: String, _ value: StoredValue) -> String {
        let text = value.asText
        guard Self.personal.contains(column) else { return shown(text) }
        if text.isEmpty { return "-" }
        let digest = Digest.hmacSHA256(key: key, message: [UInt8]((column + "\u{1F}" + text).utf8))
        return "#" + Base64URL.encode(Array(digest.prefix(12)))
    }
}
