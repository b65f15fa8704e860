import Domain
import Platform
import Wire

/// Keeps digests of the collector's audit log, one a date for the last 400 dates, so that the centre cannot rewrite
/// its log alone (`chot-collector audit verify --against`).
struct AuditDigests {
    static let countMax = 400

    let folder: String

    private var path: String { "\(folder)/audit-digests.jsonl" }

    /// Keeps a digest; the first of a date stays. A full disk costs a digest and no count: the next lock set brings
    /// another. A file that cannot be read is not overwritten: the centre would be held to it.
    func keep(_ digest: AuditDigest) throws {
        let text = Files.exists(path) ? try Files.readText(path) : ""
        var lines = text.split(separator: "\n").map(String.init)
        let last = lines.last.flatMap { try? decodeJSON(AuditDigest.self, [UInt8]($0.utf8)) }
        guard last.map({ $0.date < digest.date }) ?? true else { return }
        lines.append(String(decoding: try encodeJSON(digest), as: UTF8.self))
        try Files.writeAtomically(
            path, lines.suffix(Self.countMax).joined(separator: "\n") + "\n")
    }
}
