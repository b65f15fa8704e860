import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// Checks an evidence pack without a server: what holds, what does not, and what no pack can prove.
package struct PackVerification {
    package static let limits = ZipLimits(
        archiveBytesMax: 64 << 20, entriesMax: PackFile.allCases.count,
        entryBytesMax: PackFile.foreignBytesMax, totalBytesMax: 128 << 20,
        ofEntries: Dictionary(
            uniqueKeysWithValues: PackFile.allCases.map { ($0.rawValue, $0.bytesMax) }))

    /// A missing file is nil; the check of the list tells that.
    package var files: [PackFile: [UInt8]] = [:]
    package private(set) var result = Result()
    private var keys: KeyList?
    private var summaries: [PackedChain.Link] = []

    /// Throws if the archive is not one, or exceeds the limits.
    package static func verify(_ archive: [UInt8], root: String?) throws(ZipError) -> Result {
        var verification = PackVerification()
        let entries = try ZipArchive.unpack(archive, limits)
        verification.takeIn(entries)
        verification.checkKeys(pinned: root)
        verification.checkManifest()
        let lock = verification.read(.lock, PackedLock.self)
        let context = verification.readContext()
        verification.checkSummaries()
        var recomputed: Recomputation?
        if let lock {
            verification.checkLock(lock)
            recomputed = verification.checkRecomputation(lock, context)
        }
        verification.checkAudit(lock)
        verification.sayOpen(lock, recomputed)
        return verification.result
    }

    // MARK: files

    private mutating func takeIn(_ entries: [ZipEntry]) {
        for entry in entries {
            guard let file = PackFile(rawValue: entry.name) else {
                result.add(
                    shown(entry.name), false, vi: "tệp lạ, không thuộc bộ hồ sơ",
                    en: "is no file of a pack")
                continue
            }
            files[file] = entry.bytes
        }
        for file in PackFile.allCases where files[file] == nil && !file.isOptional {
            result.add(file.rawValue, false, vi: "bị thiếu", en: "is missing")
        }
        let sums = files[.sums].map { String(decoding: $0, as: UTF8.self) } ?? ""
        var listed: Set<String> = []
        let countMax = PackFile.allCases.count
        // The list has one line a file. If it had more, each would be a finding: millions of them from a few kilobytes.
        let lines = sums.split(
            separator: "\n", maxSplits: countMax, omittingEmptySubsequences: true)
        guard lines.count <= countMax else {
            return result.add(
                PackFile.sums.rawValue, false, vi: "có hơn \(countMax) dòng",
                en: "has more than \(countMax) lines")
        }
        for line in lines {
            let parts = line.split(separator: "  ", maxSplits: 1).map(String.init)
            guard parts.count == 2, listed.insert(parts[1]).inserted else {
                result.add(
                    PackFile.sums.rawValue, false,
                    vi: "dòng không đọc được: \(shown(String(line)))",
                    en: "a line cannot be read: \(shown(String(line)))")
                continue
            }
            let bytes = PackFile(rawValue: parts[1]).flatMap { files[$0] }
            let isSame = bytes.map { Digest.hex(Digest.sha256($0)) == parts[0] } ?? false
            result.add(
                shown(parts[1]), isSame,
                vi: isSame ? "đúng giá trị băm SHA-256" : "đã bị thay đổi hoặc bị thiếu",
                en: isSame ? "has its SHA-256" : "was altered or is missing")
        }
        for file in files.keys.sorted(by: { $0.rawValue < $1.rawValue })
        where file.isListed && !listed.contains(file.rawValue) {
            result.add(
                file.rawValue, false, vi: "không có trong SHA256SUMS", en: "is not in SHA256SUMS")
        }
    }

    private func text(_ file: PackFile) -> Substring {
        var text = String(decoding: files[file] ?? [], as: UTF8.self)[...]
        while text.last == "\n" { text.removeLast() }
        return text
    }

    private mutating func read<T: Decodable>(_ file: PackFile, _ type: T.Type) -> T? {
        guard let bytes = files[file] else { return nil }
        if let value = try? decodeJSON(type, bytes) { return value }
        result.add(file.rawValue, false, vi: "không đọc được", en: "cannot be read")
        return nil
    }

    /// Reads the context; it is `null` if none was kept.
    private mutating func readContext() -> LockContext? {
        files[.context].map { String(decoding: $0, as: UTF8.self) } == "null"
            ? nil : read(.context, LockContext.self)
    }

    private mutating func checkKeys(pinned: String?) {
        guard files[.keys] != nil else { return }
        let compact = String(text(.keys))
        let claimed = (try? JWS.parse(compact.utf8)).flatMap {
            try? decodeJSON(KeyList.self, $0.payload)
        }
        guard let claimed, let list = try? KeyList.verified(compact, root: claimed.root.thumbprint)
        else {
            result.add(
                PackFile.keys.rawValue, false, vi: "danh mục khóa không có chữ ký của khóa gốc",
                en: "the key list is not signed by its root")
            return
        }
        keys = list
        result.root = list.root.thumbprint
        result.isRootPinned = pinned != nil
        let isPinned = pinned.map { $0 == list.root.thumbprint } ?? true
        result.add(
            PackFile.keys.rawValue, isPinned,
            vi: isPinned
                ? "danh mục khóa do khóa gốc \(list.root.thumbprint) ký"
                : "khóa gốc là \(list.root.thumbprint), không phải khóa đã nêu",
            en: isPinned
                ? "the key list is signed by root \(list.root.thumbprint)"
                : "its root is \(list.root.thumbprint), another than the one given")
    }

    private mutating func checkManifest() {
        guard files[.manifest] != nil, let sums = files[.sums] else { return }
        guard let jws = try? JWS.parse(text(.manifest).utf8), let key = keys?.signingKey(jws.kid),
            let payload = try? jws.verified(by: key, typ: PackManifest.typ),
            let manifest = try? decodeJSON(PackManifest.self, payload),
            manifest.madeAt.isPlausible
        else {
            result.add(
                PackFile.manifest.rawValue, false,
                vi: "không phải do khóa ký của máy chủ tổng hợp ký",
                en: "is not signed by a key of the collector")
            return
        }
        result.lock = manifest.lock
        let isSame =
            manifest.sums == Digest.hex(Digest.sha256(sums))
            && manifest.collector == keys?.collector
        result.add(
            PackFile.manifest.rawValue, isSame,
            vi: isSame
                ? "máy chủ \(shown(manifest.collector)) ký lúc \(manifest.madeAt.rfc3339Seconds)"
                : "được ký cho một SHA256SUMS khác",
            en: isSame
                ? "signed by collector \(shown(manifest.collector)) at \(manifest.madeAt.rfc3339Seconds)"
                : "was signed for another SHA256SUMS")
    }

    // MARK: summaries

    private mutating func checkSummaries() {
        guard let agents = read(.agents, [PackedAgent].self),
            let index = read(.index, [PackedSummary].self)
        else { return }
        var chain = PackedChain(agents)
        // No more lines are split than are checked, since a line of one byte takes sixty in memory.
        let most = PackBuilder.summariesMax
        let lines = text(.summaries).split(
            separator: "\n", maxSplits: most, omittingEmptySubsequences: true)
        guard lines.count <= most else {
            return result.add(
                PackFile.summaries.rawValue, false, vi: "có hơn \(most) bảng kê",
                en: "holds more than \(most) summaries")
        }
        guard lines.count == index.count else {
            return result.add(
                PackFile.summaries.rawValue, false,
                vi: "có \(lines.count) bảng kê, danh mục nêu \(index.count)",
                en: "holds \(lines.count) summaries, the index names \(index.count)")
        }
        var problems = 0
        for (line, entry) in zip(lines, index) {
            guard let problem = chain.take(String(line), entry) else { continue }
            problems += 1
            if problems <= 100 {
                result.add(
                    "\(PackFile.summaries.rawValue): \(shown(entry.agent.rawValue)) \(entry.epoch)/\(entry.seq)",
                    false, vi: problem.vi, en: problem.en)
            }
        }
        summaries = chain.summaries
        if problems == 0 {
            result.add(
                PackFile.summaries.rawValue, true,
                vi:
                    "\(lines.count) bảng kê đúng chữ ký của điểm chốt; \(chain.linked) bảng kê nối tiếp bảng trước",
                en:
                    "\(lines.count) summaries are signed by their agents; \(chain.linked) continue the one before"
            )
        }
    }

    /// Checks that the manifest is for this lock, and that what the lock cites is in the pack.
    private mutating func checkLock(_ lock: PackedLock) {
        if !result.lock.isEmpty, result.lock != lock.id {
            result.add(
                PackFile.lock.rawValue, false,
                vi: "là lệnh khóa \(shown(lock.id)), không phải lệnh khóa đã ký",
                en: "is lock \(shown(lock.id)), another than was signed for")
        }
        let here = Set(
            summaries.map {
                EvidenceReference(
                    agent: $0.index.agent, epoch: $0.index.epoch, seq: $0.index.seq)
            })
        let missing = lock.evidence.filter { !here.contains($0) }
        guard !missing.isEmpty else { return }
        let names = missing.prefix(20).map { "\(shown($0.agent.rawValue)) \($0.epoch)/\($0.seq)" }
            .joined(separator: ", ")
        result.add(
            PackFile.lock.rawValue, false, vi: "viện dẫn bảng kê không có ở đây: \(names)",
            en: "cites summaries that are not here: \(names)")
    }

    /// Judges the rule again; nil if the pack has no such file.
    private mutating func checkRecomputation(_ lock: PackedLock, _ context: LockContext?)
        -> Recomputation?
    {
        guard let told = read(.recomputation, Recomputation.self) else { return nil }
        let own = Recomputation.make(
            reason: lock.reason, scope: lock.scope, issuedAt: lock.issuedAt, context: context,
            summaries: summaries.filter { $0.index.state == "counted" }.map {
                ($0.summary, $0.index.receivedAt)
            })
        let isForLock =
            context?.volume.map {
                $0.scope == lock.scope && $0.rule.rawValue == lock.reason && $0.key == lock.key
                    && $0.k == lock.k
            } ?? true
        result.add(
            PackFile.recomputation.rawValue, told == own && isForLock && own.holds != false,
            vi: told == own && isForLock ? own.vi : "tính lại ra kết quả khác: " + own.vi,
            en: told == own && isForLock ? own.en : "recomputing gives another result: " + own.en)
        return own
    }

    // MARK: audit

    private mutating func checkAudit(_ lock: PackedLock?) {
        guard let entries = read(.audit, [PackedAuditEntry].self) else { return }
        let broken = entries.first {
            (try? $0.record.hash(after: $0.previous)) != $0.hash
        }
        let unlinked = zip(entries, entries.dropFirst()).first { a, b in
            a.number < 1 || b.number <= a.number || a.number == b.number - 1 && b.previous != a.hash
        }
        let isAbout = lock.map { lock in
            entries.contains { $0.subject.hasPrefix(lock.id + " ") || $0.subject == lock.id }
        }
        if let number = broken?.number ?? unlinked?.1.number {
            result.add(
                PackFile.audit.rawValue, false, vi: "mục số \(number) đã bị thay đổi",
                en: "entry \(number) was altered")
        } else if isAbout == false {
            result.add(
                PackFile.audit.rawValue, false, vi: "không có mục nào về lệnh khóa này",
                en: "has no entry about this lock")
        } else {
            result.add(
                PackFile.audit.rawValue, true, vi: "\(entries.count) mục nhật ký đúng giá trị băm",
                en: "\(entries.count) entries of the audit log have their hashes")
        }
        guard files[.auditHead] != nil else { return }
        let head: AuditDigest? = (try? JWS.parse(text(.auditHead).utf8)).flatMap { jws in
            guard let key = keys?.signingKey(jws.kid),
                let payload = try? jws.verified(by: key, typ: AuditDigest.typ)
            else { return nil }
            return try? decodeJSON(AuditDigest.self, payload)
        }
        let last = entries.last
        let isSound =
            head.map { head in
                last.map { $0.number < head.number || $0.hash == head.hash } ?? true
            } ?? false
        result.add(
            PackFile.auditHead.rawValue, isSound,
            vi: isSound
                ? "nhật ký đã ký đến mục số \(head?.number ?? 0); các mục ở đây không được nối với mục đó"
                : "chữ ký đầu nhật ký không hợp lệ hoặc không khớp",
            en: isSound
                ? "the log was signed up to entry \(head?.number ?? 0); the entries here are not linked to it"
                : "the signed head of the log is wrong or does not agree")
    }

    // MARK: what stays open

    private mutating func sayOpen(_ lock: PackedLock?, _ recomputed: Recomputation?) {
        if !result.isRootPinned, !result.root.isEmpty {
            result.open.append(
                Localized(
                    vi:
                        "khóa gốc \(result.root) có phải của Trung tâm hay không: gọi điện thoại để đối chiếu, rồi chạy lại với --root",
                    en:
                        "whether root \(result.root) is the Centre's: compare it by telephone, then run again with --root"
                ))
        }
        // It could be proven neither that the lock follows nor that it does not.
        if let lock, recomputed?.holds == nil {
            result.open.append(
                lock.reason == "staff"
                    ? Localized(
                        vi: "lệnh khóa do cán bộ quyết định: không có quy tắc để tính lại",
                        en: "the lock is a decision of staff: there is no rule to recompute")
                    : Localized(
                        vi:
                            "lệnh khóa có đúng theo số liệu hay không: quy tắc \(shown(lock.reason)) không tính lại được từ bộ hồ sơ này",
                        en:
                            "whether the lock follows from the numbers: rule \(shown(lock.reason)) cannot be recomputed from this pack"
                    ))
        }
        result.open += [
            Localized(
                vi:
                    "khóa có đúng của điểm chốt hay không: theo danh sách của máy chủ tổng hợp (agents.json)",
                en:
                    "whether the keys are the agents' own: that rests on the collector's list (agents.json)"
            ),
            Localized(
                vi: "điểm chốt có đếm đúng, đủ hay không: chữ ký chỉ cho biết ai đã gửi số liệu",
                en: "whether the agent counted rightly: a signature tells who said it"),
            Localized(
                vi:
                    "mức đăng ký, thời điểm nhận, nhật ký: do máy chủ tổng hợp ghi và ký, không có chữ ký của đơn vị",
                en:
                    "registered numbers, times of receipt, the audit log: recorded and signed by the collector alone"
            ),
            Localized(
                vi:
                    "có bảng kê nào bị bỏ ra ngoài bộ hồ sơ hay không (các khoảng số không liên tục), và phần nhật ký không trích, nối từ các mục ở đây đến mục đã ký",
                en:
                    "whether summaries were left out (where numbers are not contiguous), and the entries of the log between those here and the signed head"
            ),
        ]
    }
}
