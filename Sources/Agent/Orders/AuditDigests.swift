import Domain
import Platform
import Wire

/// What this agent keeps of the collector's audit log: one digest a date, the last 400, so that the centre
/// cannot rewrite its log alone (`chot-collector audit verify --against`).
struct AuditDigests {
    static let countMax = 400

    let folder: String

    private var path: String { "\(folder)/audit-digests.jsonl" }

    /// The first of a date stays. A full disk costs a digest, no count: the next lock set brings another. A file that
    /// cannot be read is not written over: it is what the centre would be held to.
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
