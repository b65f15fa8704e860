import CollectorStore
import Domain
import Platform
import Wire

/// Recomputes the audit log from its content, and names the first entry that is not as it was written.
package struct AuditCheck {
    package let entries: [Records.AuditRecord]
    package let head: AuditHead

    package init(
        entries: [Records.AuditRecord], head: AuditHead
    ) {
        self.entries = entries
        self.head = head
    }

    /// Returns nil if nothing was changed, removed, added or moved.
    package func problem(against digests: [AuditDigest]) throws -> Localized? {
        try Self.chainProblem(entries, against: digests) ?? headProblem()
    }

    /// Checks the chain without the signed head.
    static func chainProblem(_ entries: [Records.AuditRecord], against digests: [AuditDigest])
        throws -> Localized?
    {
        var previous = ""
        for (place, entry) in entries.enumerated() {
            guard entry.number == Int64(place) + 1 else {
                return Localized(
                    vi: "mục số \(place + 1) bị thiếu hoặc bị đổi chỗ (thấy số \(entry.number))",
                    en: "entry \(place + 1) is missing or was moved (found number \(entry.number))")
            }
            guard try entry.hash(after: previous) == entry.hash else {
                return Localized(
                    vi: "mục số \(entry.number) đã bị thay đổi, hoặc mục trước đó đã bị bỏ",
                    en: "entry \(entry.number) was changed, or the one before it was removed")
            }
            previous = entry.hash
        }
        // A digest that an agent keeps proves more than our own head, which is new after a restore.
        for digest in digests where !holds(entries, digest) {
            return Localized(
                vi: "nhật ký không khớp với giá trị mà điểm chốt giữ ngày "
                    + "\(digest.date.vietnamese), mục số \(digest.number)",
                en: "the log does not agree with what an agent keeps of \(digest.date), "
                    + "entry \(digest.number)")
        }
        return nil
    }

    private func headProblem() -> Localized? {
        let signed: AuditDigest
        do {
            guard let read = try head.read() else {
                return entries.isEmpty
                    ? nil
                    : Localized(
                        vi: "thiếu chữ ký đầu nhật ký",
                        en: "the signed head of the log is missing")
            }
            signed = read
        } catch {
            return Localized(
                vi: "chữ ký đầu nhật ký không hợp lệ",
                en: "the signature of the log's head is wrong")
        }
        return Self.holds(entries, signed) ? nil : Self.cutShort(signed)
    }

    static func cutShort(_ signed: AuditDigest) -> Localized {
        Localized(
            vi: "nhật ký bị cắt ngắn hoặc viết lại: đã ký đến mục số \(signed.number)",
            en: "the log was cut short or rewritten: it was signed up to entry \(signed.number)")
    }

    package static func holds(_ entries: [Records.AuditRecord], _ digest: AuditDigest) -> Bool {
        guard digest.number >= 1, digest.number <= Int64(entries.count) else {
            return false
        }
        return entries[Int(digest.number) - 1].hash == digest.hash
    }

    /// Reads the digests from a file that an agent keeps (`audit-digests.jsonl`). Throws with the number of a bad line.
    package static func digests(_ text: String, file: String) throws -> [AuditDigest] {
        try text.split(separator: "\n").enumerated().map { index, line in
            guard let digest = try? decodeJSON(AuditDigest.self, [UInt8](line.utf8)) else {
                throw CommandFailure(
                    .badInput, "\(file):\(index + 1): is no digest of an audit log",
                    vi: "\(file):\(index + 1): không phải mã băm của nhật ký thao tác")
            }
            return digest
        }
    }
}
