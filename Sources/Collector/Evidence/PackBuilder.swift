import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Collects what proves a lock, from one state of the database. The same state gives the same files, except the
/// manifest and the minutes, which name the moment.
package struct PackBuilder {
    /// The most signed summaries of a pack; nobody could use a larger one as a document.
    static let summariesMax = 20_000
    package static let bytesMax = 48 << 20

    package let records: Records
    package let config: CollectorConfig
    package let keys: CollectorKeys
    package let lock: LockRecord
    package let who: String
    package let reason: String
    package let now: Timestamp
    /// Seals personal data; nil if none is requested.
    package let passphrase: [UInt8]?

    package init(
        records: Records, config: CollectorConfig, keys: CollectorKeys, lock: LockRecord,
        who: String, reason: String, now: Timestamp, passphrase: [UInt8]?
    ) {
        self.records = records
        self.config = config
        self.keys = keys
        self.lock = lock
        self.who = who
        self.reason = reason
        self.now = now
        self.passphrase = passphrase
    }

    private struct Found {
        let summary: Summary
        let stored: StoredSummary
        var isCited: Bool
    }

    package func make() throws -> [UInt8] {
        let packed = try PackedLock(lock, try records.deliveries(lock.id))
        let context = try records.context(ofLock: lock.id)
        let alerts = try records.alerts(ofLock: lock)
        let found = try summaries(packed, context, alerts)
        let recomputation = Recomputation.make(
            reason: lock.reason, scope: lock.scope, issuedAt: lock.issuedAt, context: context,
            summaries: found.filter(\.stored.isCounted).map { ($0.summary, $0.stored.receivedAt) })
        let agents = try agents(found.map(\.summary.agent), context, packed)
        let coverage = try coverage(context)
        let audit = try audit()
        let head = try records.auditHead()
        var files: [PackFile: [UInt8]] = [
            .keys: [UInt8](keys.signedList.utf8), .readme: [UInt8](PackReadme.text.utf8),
            .lock: try json(packed), .recomputation: try json(recomputation),
            .context: try context.map(json) ?? [UInt8]("null".utf8),
            .summaries: [UInt8](found.map { $0.stored.jws + "\n" }.joined().utf8),
            .index: try json(
                found.map {
                    PackedSummary(
                        agent: $0.summary.agent, epoch: $0.summary.epoch, seq: $0.summary.seq,
                        hash: $0.stored.hash, state: $0.stored.state,
                        receivedAt: $0.stored.receivedAt, isCited: $0.isCited)
                }),
            .agents: try json(agents), .coverage: try json(coverage),
            .policies: try json(try policies(context)), .audit: try json(audit),
            .auditHead: [UInt8](
                try head.map {
                    try JWS.sign($0, typ: AuditDigest.typ, with: keys.signing)
                }.map { $0 + "\n" }?.utf8 ?? "".utf8),
            .related: try json(try related(alerts)),
        ]
        if let passphrase { files[.annex] = try annex(packed, found.map(\.summary), passphrase) }
        files[.minutes] = [UInt8](
            PackMinutes(
                lock: packed, context: context, recomputation: recomputation, agents: agents,
                audit: audit, coverage: coverage, alerts: alerts, summaries: found.count,
                digests: files.mapValues { Digest.hex(Digest.sha256($0)) }, madeAt: now,
                madeBy: who, reason: reason, collector: keys.collector,
                root: keys.root, contact: config.contact,
                hasAnnex: passphrase != nil
            ).html.utf8)
        return try archive(files)
    }

    private func archive(_ files: [PackFile: [UInt8]]) throws -> [UInt8] {
        var files = files
        let listed = files.keys.filter(\.isListed).map(\.rawValue).sorted()
        let sums = listed.map { name in
            let bytes = PackFile(rawValue: name).flatMap { files[$0] } ?? []
            return "\(Digest.hex(Digest.sha256(bytes)))  \(name)\n"
        }.joined()
        files[.sums] = [UInt8](sums.utf8)
        let manifest = PackManifest(
            lock: lock.id, collector: keys.collector, madeAt: now, madeBy: who,
            sums: Digest.hex(Digest.sha256([UInt8](sums.utf8))), files: listed.count)
        files[.manifest] = [UInt8](
            (try JWS.sign(manifest, typ: PackManifest.typ, with: keys.signing) + "\n").utf8)
        for (file, bytes) in files where bytes.count > file.bytesMax {
            let (size, most) = ((bytes.count + 1023) >> 10, file.bytesMax >> 10)
            throw CommandFailure(
                .failed,
                "\(file.rawValue) of \(lock.id) would take \(size) KiB, and a pack holds \(most) KiB of it; take what is needed with lock show, alerts list and evidence show",
                vi:
                    "\(file.rawValue) của \(lock.id) dài \(size) KiB, bộ hồ sơ chỉ chứa \(most) KiB; lấy phần cần thiết bằng lock show, alerts list và evidence show"
            )
        }
        return try ZipArchive.pack(
            PackFile.allCases.compactMap { file in
                files[file].map { ZipEntry(name: file.rawValue, bytes: $0) }
            })
    }

    private func json(_ value: some Encodable) throws -> [UInt8] { try encodeJSON(value) + [10] }

    // MARK: summaries

    private func summaries(
        _ packed: PackedLock, _ context: LockContext?, _ alerts: [Records.AlertRecord]
    ) throws -> [Found] {
        var found: [String: Found] = [:]
        var bytes = 0
        func take(_ stored: StoredSummary, _ summary: Summary, isCited: Bool) throws {
            let name = "\(summary.agent) \(summary.epoch) \(summary.seq)"
            if isCited, found[name] != nil { found[name]?.isCited = true }
            guard found[name] == nil else { return }
            bytes += stored.jws.utf8.count + 1
            guard found.count < Self.summariesMax, bytes <= Self.bytesMax else {
                throw CommandFailure(
                    .failed,
                    "\(lock.id) rests on more than \(Self.summariesMax) summaries or \(Self.bytesMax >> 20) MiB of them; take them with evidence show --raw",
                    vi:
                        "\(lock.id) dựa trên hơn \(Self.summariesMax) bảng kê hoặc \(Self.bytesMax >> 20) MiB; lấy từng bảng bằng evidence show --raw"
                )
            }
            found[name] = Found(summary: summary, stored: stored, isCited: isCited)
        }
        let cited =
            packed.evidence
            + (try alerts.flatMap {
                try decodeJSON([EvidenceReference].self, try encodeJSON($0.evidence))
            })
        for one in cited {
            guard let stored = try stored(one) else { continue }
            guard let summary = read(stored) else { throw damaged(one.agent, one.epoch, one.seq) }
            try take(stored, summary, isCited: true)
        }
        try counting(context) { try take($0, $1, isCited: false) }
        return found.values.sorted {
            ($0.summary.agent, $0.summary.epoch, $0.summary.seq)
                < ($1.summary.agent, $1.summary.epoch, $1.summary.seq)
        }
    }

    private func stored(_ one: EvidenceReference) throws -> StoredSummary? {
        try records.evidencePage(
            one.agent, after: SummaryNumber(epoch: one.epoch, seq: one.seq.subtracting(1))
        ).first { $0.number == SummaryNumber(epoch: one.epoch, seq: one.seq) }
    }

    /// Takes all summaries that count towards the rule, whenever they arrived.
    private func counting(
        _ context: LockContext?, _ take: (StoredSummary, Summary) throws -> Void
    ) throws {
        guard let context else { return }
        if let volume = context.volume, let system = context.systems.first {
            let id = Quota.ID(rule: volume.rule, scope: volume.scope, key: volume.key)
            let until = volume.until.advanced(byMilliseconds: 2 * Timestamp.millisecondsPerDay)
            try walk(system.system, volume.from, until) { stored, summary in
                let reports = summary.breaches.contains {
                    $0.rule == volume.rule && $0.scope == volume.scope && $0.key == volume.key
                }
                if reports || Recomputation.allowed(summary, id, system.terms.calendar) > 0 {
                    try take(stored, summary)
                }
            }
        }
        guard let person = context.person, lock.reason == RuleID.x1.rawValue else { return }
        let from = lock.issuedAt.advanced(byMilliseconds: -Timestamp.millisecondsPerDay)
        for system in context.systems {
            try walk(system.system, from, lock.issuedAt) { stored, summary in
                let isTheirs = summary.rows.contains {
                    $0.allowed > 0
                        && person.accounts.contains(Account($0.login, summary.system).description)
                }
                if isTheirs { try take(stored, summary) }
            }
        }
    }

    /// Goes through a system's counted summaries that were received within a time.
    private func walk(
        _ system: SystemCode, _ from: Timestamp, _ until: Timestamp,
        _ body: (StoredSummary, Summary) throws -> Void
    ) throws {
        for agent in try records.agents(ofSystem: system) {
            var number = try records.lastEvidence(agent.id, before: from)
            while true {
                let page = try records.evidencePage(agent.id, after: number, since: from)
                guard let last = page.last else { break }
                number = last.number
                for stored in page where stored.isCounted && stored.receivedAt <= until {
                    guard let summary = read(stored) else {
                        throw damaged(agent.id, stored.number.epoch, stored.number.seq)
                    }
                    try body(stored, summary)
                }
                if page.contains(where: { $0.receivedAt > until }) { break }
            }
        }
    }

    private func read(_ stored: StoredSummary) -> Summary? {
        guard let payload = try? JWS.parse(stored.jws.utf8).payload else { return nil }
        return try? decodeJSON(Summary.self, payload)
    }

    private func damaged(_ agent: AgentID, _ epoch: Int64, _ seq: Int64) -> CommandFailure {
        CommandFailure(
            .failed,
            "summary \(seq) of \(agent), epoch \(epoch), cannot be read; run evidence verify --agent \(agent)",
            vi:
                "không đọc được bảng kê số \(seq) của \(agent), kỳ \(epoch); chạy evidence verify --agent \(agent)"
        )
    }
}
