import Domain
import Platform
import Wire

extension StaffCommands {
    /// Whole systems, one after the other, for some seconds; `next` names the last one where more are left, and is
    /// sent again as `--after`. Also finishes one large system, however long that takes.
    func evidenceVerify(_ request: AdminRequest) throws -> AdminAnswer {
        let (from, to) = try span(request)
        let agent = try request.option("agent").map { try knownAgent($0) }
        let after = request.option("after") ?? ""
        let all = try server.store.read { try $0.systems().map(\.code) }
        let systems = agent.map { [$0.system] } ?? all.filter { $0.rawValue > after }
        var result = EvidenceCheckResult()
        let start = MonotonicClock.milliseconds()
        var next: SystemCode?
        try server.evidenceGate.pass {
            for system in systems {
                result.add(
                    try EvidenceCheck(
                        store: server.store, config: server.config, system: system, agent: agent,
                        from: from, to: to, now: .now, gate: server.evidenceGate
                    ).run())
                next = system
                if MonotonicClock.milliseconds() - start > 5000 { break }
            }
        }
        var answer = AdminAnswer()
        answer.text = String(decoding: try encodeJSON(result), as: UTF8.self)
        answer.json = .object([
            "next": next == systems.last ? .null : next.map { .string($0.rawValue) } ?? .null
        ])
        if result.found > 0 {
            server.metrics.add("chot_collector_refused_total", "why=\"evidence\"")
        }
        return answer
    }

    private func knownAgent(_ text: String) throws -> AgentID {
        guard let agent = try server.store.read({ try $0.agent(AgentID(unchecked: text)) }) else {
            throw CommandFailure(
                .badInput, "there is no agent \(shown(text)); see agent list",
                vi: "không có điểm chốt \(shown(text)); xem agent list")
        }
        return agent.id
    }
}

extension StaffCommands {
    /// The archive goes back base64url, in `text`; the client writes it.
    func evidencePack(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let hasAnnex = request.flags.contains("annex")
        let reason = request.option("reason") ?? ""
        if hasAnnex { _ = try required(request, "reason") }
        let passphrase: [UInt8]? =
            hasAnnex ? [UInt8]((request.files.first?.text ?? "").utf8) : nil
        if let passphrase, !SealedBox.passphraseBytes.contains(passphrase.count) {
            throw CommandFailure(
                .usage, "the passphrase of the annex needs 12 to 1024 bytes",
                vi: "mật khẩu của phụ lục cần 12 đến 1024 byte")
        }
        let archive = try server.store.read { records in
            guard let lock = try records.lock(id) else {
                throw CommandFailure(
                    .badInput, "there is no lock \(shown(id)); see lock list --all",
                    vi: "không có lệnh khóa \(shown(id)); xem lock list --all")
            }
            return try PackBuilder(
                records: records, server: server, lock: lock, who: who, reason: reason,
                now: .now, passphrase: passphrase
            ).make()
        }
        let digest = Digest.hex(Digest.sha256(archive))
        try server.store.write {
            try $0.audit(
                who, hasAnnex ? "evidence.pack.annex" : "evidence.pack", id,
                "sha256 \(digest)" + (reason.isEmpty ? "" : ": \(reason)"), at: .now)
        }
        var answer = AdminAnswer()
        answer.text = Base64URL.encode(archive)
        answer.json = .object([
            "lock": .string(id), "sha256": .string(digest),
            "bytes": .integer(Int64(archive.count)), "root": .string(server.rootThumbprint),
        ])
        return answer
    }
}
