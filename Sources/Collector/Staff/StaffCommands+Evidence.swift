import CollectorEvidence
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    /// Shows the summary that was taken under a number, and others that the agent signed under it and that were
    /// refused.
    func evidenceShow(_ request: AdminRequest) throws -> AdminAnswer {
        let agent = try knownAgent(try required(request, "agent"))
        let seq = try summaryNumber(try required(request, "seq"), "seq")
        let epoch = try request.option("epoch").map { try summaryNumber($0, "epoch") }
        let wantsRefused = request.flags.contains("refused")
        let (taken, refused) = try desk.store.read {
            (
                wantsRefused ? nil : try $0.evidence(agent, epoch: epoch, seq: seq),
                try $0.refusedSummaries(agent, epoch: epoch, seq: seq)
            )
        }
        guard taken != nil || wantsRefused && !refused.isEmpty else {
            throw Self.noSummary(agent, seq, refused: refused.count, wantsRefused)
        }
        var answer = AdminAnswer()
        if request.flags.contains("raw") {
            answer.text = taken?.jws ?? refused.map(\.jws).joined(separator: "\n")
            return answer
        }
        var fields: [String: JSONValue] = [:]
        var lines: [String] = []
        if let taken {
            let payload = try Self.payload(taken.jws)
            fields = [
                "state": .string(taken.state),
                "received_at": .string(taken.receivedAt.description), "hash": .string(taken.hash),
                "payload": payload,
            ]
            let name = shown(taken.state)
            let state = Localized(
                vi: "trạng thái \(name), nhận lúc \(taken.receivedAt)",
                en: "state \(name), received \(taken.receivedAt)")
            lines = [state[request.language], shownJSON(payload)]
        }
        // Their texts are added only on request, since they may be many and large.
        var others: [JSONValue] = []
        for other in refused {
            var about: [String: JSONValue] = [
                "kind": .string(other.kind), "epoch": .integer(other.epoch),
                "received_at": .string(other.receivedAt.description), "hash": .string(other.hash),
            ]
            lines.append(
                Localized(
                    vi:
                        "bị từ chối (\(shown(other.kind))), kỳ \(other.epoch), nhận lúc \(other.receivedAt), mã băm \(shown(other.hash))",
                    en:
                        "refused (\(shown(other.kind))) under epoch \(other.epoch), received \(other.receivedAt), hash \(shown(other.hash))"
                )[request.language])
            if wantsRefused {
                let payload = try? Self.payload(other.jws)
                about["payload"] = payload ?? .null
                lines.append(payload.map(shownJSON) ?? "?")
            }
            others.append(.object(about))
        }
        fields["refused"] = .array(others)
        if !wantsRefused, !refused.isEmpty {
            lines.append(
                Localized(vi: "nội dung: --refused", en: "their texts: --refused")[
                    request.language])
        }
        answer.json = .object(fields)
        answer.text = lines.joined(separator: "\n")
        return answer
    }

    private static func payload(_ jws: String) throws -> JSONValue {
        try decodeJSON(JSONValue.self, try JWS.parse(jws.utf8).payload)
    }

    private func summaryNumber(_ text: String, _ option: String) throws -> Int64 {
        guard let number = Int64(text), number >= 0 else {
            throw CommandFailure(
                .usage, "--\(option) \"\(shown(text))\" is not a number from 0 on",
                vi: "--\(option) \"\(shown(text))\" không phải số nguyên từ 0")
        }
        return number
    }

    private static func noSummary(
        _ agent: AgentID, _ seq: Int64, refused: Int, _ wantsRefused: Bool
    ) -> CommandFailure {
        if wantsRefused {
            return CommandFailure(
                .badInput, "nothing that \(agent) signed as summary \(seq) was refused",
                vi: "không có bảng kê số \(seq) nào của \(agent) bị từ chối")
        }
        return refused > 0
            ? CommandFailure(
                .badInput,
                "no summary \(seq) of \(agent) was taken; \(refused) were refused, see --refused",
                vi:
                    "không nhận bảng kê số \(seq) nào của \(agent); \(refused) bảng kê bị từ chối, xem --refused"
            )
            : CommandFailure(
                .badInput, "agent \(agent) has no summary \(seq); see agent list",
                vi: "điểm chốt \(agent) không có bảng kê số \(seq); xem agent list")
    }

    /// Checks whole systems, one after the other, for some seconds. If some are left, `next` names the last one
    /// checked, and the client sends it as `--after`. A large system is finished however long it takes.
    func evidenceVerify(_ request: AdminRequest) throws -> AdminAnswer {
        let (from, to) = try span(request)
        let agent = try request.option("agent").map { try knownAgent($0) }
        let after = request.option("after") ?? ""
        let all = try desk.store.read { try $0.systems().map(\.code) }
        let systems = agent.map { [$0.system] } ?? all.filter { $0.rawValue > after }
        var result = EvidenceCheckResult()
        let start = MonotonicClock.milliseconds()
        var next: SystemCode?
        try desk.evidenceGate.pass {
            for system in systems {
                result.add(
                    try EvidenceCheck(
                        store: desk.store, config: desk.config, system: system, agent: agent,
                        from: from, to: to, now: .now, gate: desk.evidenceGate
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
            desk.metrics.add("chot_collector_refused_total", "why=\"evidence\"")
        }
        return answer
    }

    private func knownAgent(_ text: String) throws -> AgentID {
        guard let agent = try desk.store.read({ try $0.agent(AgentID(unchecked: text)) }) else {
            throw CommandFailure(
                .badInput, "there is no agent \(shown(text)); see agent list",
                vi: "không có điểm chốt \(shown(text)); xem agent list")
        }
        return agent.id
    }
}

extension StaffCommands {
    /// Returns the archive as base64url in `text`; the client writes the file.
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
        let archive = try desk.store.read { records in
            guard let lock = try records.lock(id) else {
                throw CommandFailure(
                    .badInput, "there is no lock \(shown(id)); see lock list --all",
                    vi: "không có lệnh khóa \(shown(id)); xem lock list --all")
            }
            return try PackBuilder(
                records: records, config: desk.config, keys: desk.keys, lock: lock, who: who,
                reason: reason,
                now: .now, passphrase: passphrase
            ).make()
        }
        let digest = Digest.hex(Digest.sha256(archive))
        try desk.store.write {
            try $0.audit(
                who, hasAnnex ? "evidence.pack.annex" : "evidence.pack", id,
                "sha256 \(digest)" + (reason.isEmpty ? "" : ": \(reason)"), at: .now)
        }
        var answer = AdminAnswer()
        answer.text = Base64URL.encode(archive)
        answer.json = .object([
            "lock": .string(id), "sha256": .string(digest),
            "bytes": .integer(Int64(archive.count)), "root": .string(desk.keys.root),
        ])
        return answer
    }
}
