import Domain
import Platform
import Wire
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

extension FuzzTarget {
    /// Packs of evidence as anybody may hand them over: no bytes crash the check, and none pass it under another root.
    static let pack = FuzzTarget(
        "pack",
        words: [
            "lock.json", "SHA256SUMS", "manifest.jws", "PK\u{3}\u{4}", "PK\u{1}\u{2}",
            "PK\u{5}\u{6}",
            "\"volume\":{\"rule\":\"R1\",\"scope\":\"account=canbo1@H26.motcua\",\"key\":\"2026-11-24\",\"k\":",
            "\"threshold\":", "\"person\":{\"accounts\":[", "\"within_ms\":", "9223372036854775807",
            "\"seq\":", "\"number\":", "\"previous\":\"", "\"issued_at\":", "\"evidence\":[",
            "\"deliveries\":[", "\"received_at\":", "null",
        ], bytesMax: 16_384
    ) { bytes in
        try promiseUnproven(bytes)
        // The bytes in the place of each file in turn, among sound ones.
        let file = PackFile.allCases[Int(bytes.first ?? 0) % PackFile.allCases.count]
        try promiseUnproven(
            ZipArchive.pack(
                try packFiles.get().map {
                    $0.name == file.rawValue
                        ? ZipEntry(name: $0.name, bytes: Array(bytes.dropFirst())) : $0
                }))
    }

    private static func promiseUnproven(_ archive: [UInt8]) throws {
        guard let result = try? PackVerification.verify(archive, root: "of somebody else") else {
            return
        }
        try promise(!result.isSound, "a pack of another root is sound")
        try promise(
            !result.text(.vi).isEmpty && !result.text(.en).isEmpty, "it says nothing about it")
        _ = try result.json
    }

    /// The smallest pack that its own root bears out.
    static let packFiles = Result { () throws -> [ZipEntry] in
        let (key, root) = (try Fuzz.key.get(), try Fuzz.root.get())
        let at = Timestamp(milliseconds: 1_795_482_000_000)
        let scope = try Scope("account=canbo1@H26.motcua").unwrapped
        let keys = KeyList(
            version: 1, collector: "c", root: JWK(root.publicKey), signing: [JWK(key.publicKey)],
            ca: "", issuedAt: at)
        let summary = Summary(
            agent: AgentID(unchecked: "H26.motcua/1"), system: SystemCode(unchecked: "H26.motcua"),
            epoch: 1, seq: 1, part: .init(n: 1, of: 1), prev: "", from: at, to: at,
            everyMilliseconds: 60_000, clockOffsetMilliseconds: nil, held: .init(), downtime: nil,
            dropped: [:], refusedSets: [:], breaches: [],
            rows: [
                SummaryRow(
                    login: Login(unchecked: "canbo1"), service: ServiceName(unchecked: "Tra"),
                    hour: at.hourStart, window: .office, allowed: 3)
            ])
        let line = try JWS.sign(summary, typ: Summary.typ, with: key)
        let lock = try PackedLock(
            LockRecord(
                number: 1, id: "L-2026-000001", scope: scope, reason: "staff", note: "", basis: "",
                message: .same("m"), state: .active, issuedBy: "uid 0", issuedAt: at, expiresAt: nil
            ),
            [])
        let entry = Records.AuditRecord(
            number: 1, at: at, who: "uid 0", action: "lock.add", subject: lock.id, reason: "",
            hash: "")
        let hash = try entry.hash(after: "")
        var files: [PackFile: [UInt8]] = [
            .keys: [UInt8](try JWS.sign(keys, typ: KeyList.typ, with: root).utf8),
            .lock: try encodeJSON(lock), .context: [UInt8]("null".utf8),
            .recomputation: try encodeJSON(
                Recomputation.make(
                    reason: "staff", scope: scope, issuedAt: at, context: nil, summaries: [])),
            .summaries: [UInt8]((line + "\n").utf8),
            .index: try encodeJSON([
                PackedSummary(
                    agent: summary.agent, epoch: 1, seq: 1, hash: JWS.digest(line),
                    state: "counted", receivedAt: at, isCited: true)
            ]),
            .agents: try encodeJSON([
                PackedAgent(
                    agent: summary.agent, system: summary.system,
                    kid: JWK(key.publicKey).thumbprint, jwk: JWK(key.publicKey), enrolledAt: at,
                    revokedAt: nil, coveredTo: at, skewMilliseconds: nil)
            ]),
            .audit: try encodeJSON([
                PackedAuditEntry(
                    number: 1, at: at, who: entry.who, action: entry.action,
                    subject: entry.subject, reason: "", previous: "", hash: hash)
            ]),
            .auditHead: [UInt8](
                try JWS.sign(
                    AuditDigest(date: at.date, number: 1, hash: hash), typ: AuditDigest.typ,
                    with: key
                ).utf8),
        ]
        for file in PackFile.allCases
        where file.isListed && !file.isOptional && files[file] == nil { files[file] = [123, 125] }
        let sums = files.map { "\(Digest.hex(Digest.sha256($0.value)))  \($0.key.rawValue)\n" }
            .sorted().joined()
        files[.sums] = [UInt8](sums.utf8)
        let manifest = PackManifest(
            lock: lock.id, collector: "c", madeAt: at, madeBy: "uid 0",
            sums: Digest.hex(Digest.sha256([UInt8](sums.utf8))), files: files.count - 1)
        files[.manifest] = [UInt8](try JWS.sign(manifest, typ: PackManifest.typ, with: key).utf8)
        return files.map { ZipEntry(name: $0.key.rawValue, bytes: $0.value) }
            .sorted { $0.name < $1.name }
    }
}

extension Optional {
    fileprivate var unwrapped: Wrapped {
        get throws {
            guard let self else { throw BrokenPromise(description: "nothing there") }
            return self
        }
    }
}
