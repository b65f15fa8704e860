import CollectorRegistry
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// What staff do on bad days: raise a volume for a time, or declare an emergency.
extension StaffCommands {
    /// `quota grant`: adds an allowance with an end to a registered volume. Locks that no longer stand under it are
    /// released, and the answer names them.
    func quotaGrant(_ request: AdminRequest) throws -> AdminAnswer {
        let scope = try scope(request)
        guard let rule = try allowedRule(scope, request) else {
            throw CommandFailure(
                .usage,
                "--scope \(scope): an allowance is for account=LOGIN@SYSTEM, service=NAME@SYSTEM or system=SYSTEM (the off-hours cap)",
                vi:
                    "--scope \(scope): hạn mức bổ sung cấp cho account=TÀI_KHOẢN@HỆ_THỐNG, service=DỊCH_VỤ@HỆ_THỐNG hoặc system=HỆ_THỐNG (mức tối đa ngoài giờ)"
            )
        }
        guard let queries = Int64(try required(request, "queries")),
            (1...10_000_000).contains(queries)
        else {
            throw CommandFailure(
                .usage, "--queries must be a whole number from 1 to 10000000",
                vi: "--queries phải là số nguyên từ 1 đến 10000000")
        }
        let reason = try required(request, "reason")
        guard let until = try end(request) else {
            throw CommandFailure(
                .usage, "quota grant: an allowance has an end; give --for or --until",
                vi: "quota grant: hạn mức bổ sung phải có thời hạn; nêu --for hoặc --until")
        }
        let now = Timestamp.now
        if let system = scope.system {
            let more = PolicySizes.termBytes + scope.description.utf8.count
            try desk.store.read {
                try PolicySizes($0, desk.config, now).check(system, growth: more)
            }
        }
        try desk.store.write { records in
            guard let system = scope.system else { return }
            _ = try knownSystem(system.rawValue, records)
            try records.add(
                Allowance(rule: rule, scope: scope, queries: queries, from: now, until: until),
                system: system, reason: reason, by: who)
            try records.audit(
                who, "quota.grant", "\(rule.rawValue) \(scope)",
                "+\(queries) until \(until): \(reason)",
                at: now)
        }
        let released = try desk.policies.publish(of: scope.system.map { [$0] } ?? [])
        var answer = try quotaList(request)
        answer.text = releasedText(released, request.language)
        return answer
    }

    private func allowedRule(_ scope: Scope, _ request: AdminRequest) throws -> RuleID? {
        switch scope {
        case .account: return .r1
        case .system: return .r3
        case .service:
            switch request.option("window") {
            case "office": return .r2
            case "off": return .r3
            default:
                throw CommandFailure(
                    .usage, "quota grant: for a service, --window office or --window off is needed",
                    vi: "quota grant: với một dịch vụ, cần --window office hoặc --window off")
            }
        default: return nil
        }
    }

    func quotaList(_ request: AdminRequest) throws -> AdminAnswer {
        let all = try desk.store.read { try $0.allowances(at: .now) }
        return table(
            ["id", "rule", "scope", "queries", "from", "until", "reason", "granted_by"],
            all.map {
                [
                    String($0.id), $0.allowance.rule.rawValue, $0.allowance.scope.description,
                    String($0.allowance.queries), $0.allowance.from.description,
                    $0.allowance.until.description, $0.reason, $0.grantedBy,
                ]
            })
    }

    /// `emergency UNIT --until T --decision DOC`: R1–R3 only alert, no agent closes because it has no contact, and the
    /// off-hours cap is lifted. `--end` ends it early.
    package func emergency(_ request: AdminRequest) throws -> AdminAnswer {
        let code = try argument(request, 0, "a unit")
        let now = Timestamp.now
        let isEnd = request.flags.contains("end")
        let decision = try required(request, "decision")
        let until = isEnd ? now : try end(request)
        guard let until else {
            throw CommandFailure(
                .usage, "emergency: it has an end; give --for or --until",
                vi: "emergency: phải có thời hạn; nêu --for hoặc --until")
        }
        if !isEnd {
            try desk.store.read { records in
                let sizes = PolicySizes(records, desk.config, now)
                for system in try records.systems() where system.unit.rawValue == code {
                    try sizes.check(system.code, growth: PolicySizes.termBytes)
                }
            }
        }
        try desk.store.write { records in
            let unit = UnitCode(unchecked: code)
            guard try records.unitName(unit) != nil else {
                throw CommandFailure(
                    .badInput, "\(shown(code)) is not a registered unit; see registry list units",
                    vi: "\(shown(code)) chưa được đăng ký; xem registry list units")
            }
            try records.setEmergency(unit, until: until, decision: decision, by: who)
            try records.audit(
                who, isEnd ? "emergency.end" : "emergency", code, "until \(until): \(decision)",
                at: now)
        }
        let systems = try desk.store.read { try $0.systems() }.filter {
            $0.unit.rawValue == code
        }
        let released = try desk.policies.publish(of: systems.map(\.code))
        let line = Localized(
            vi: isEnd
                ? "\(code): đã kết thúc chế độ khẩn cấp"
                : "\(code): khẩn cấp đến \(until.rfc3339Seconds)",
            en: isEnd
                ? "\(code): the emergency is over"
                : "\(code): emergency until \(until.rfc3339Seconds)")
        return AdminAnswer(
            text: [line[request.language], releasedText(released, request.language)].compactMap {
                $0
            }
            .joined(separator: "\n"))
    }

    /// `lockset export`: puts what a system's agents are to hold into one file, to be carried by hand when the network
    /// is down. Each object is signed; the file needs protection only for the names in it.
    func locksetExport(_ request: AdminRequest) throws -> AdminAnswer {
        let text = try required(request, "system")
        let (system, sets) = try desk.store.read { records in
            let system = try knownSystem(text, records)
            return (
                system,
                (
                    try records.lockSet(.nation)?.jws,
                    try records.lockSet(.system(system.code))?.jws,
                    try records.storedPolicy(system.code)?.jws
                )
            )
        }
        guard let nation = sets.0, let own = sets.1, let policy = sets.2 else {
            throw CommandFailure(
                .failed, "\(system.code) has no signed sets yet",
                vi: "\(system.code) chưa có tập lệnh khóa nào được ký")
        }
        try desk.store.write {
            try $0.audit(who, "lockset.export", system.code.rawValue, "", at: .now)
        }
        let carried = [
            "keys": desk.keys.signedList, "nation": nation, "system": own, "policy": policy,
        ]
        return AdminAnswer(text: String(decoding: try encodeJSON(carried), as: UTF8.self))
    }

    /// Says which locks a corrected or raised volume released; nil if none.
    func releasedText(_ released: [LockRecord], _ language: Language) -> String? {
        guard !released.isEmpty else { return nil }
        return released.map { lock in
            Localized(
                vi:
                    "\(lock.id) \(lock.scope): đã mở khóa, theo mức mới không còn là lần vượt ngưỡng \(lock.k ?? 0)",
                en:
                    "\(lock.id) \(lock.scope): released, under the new volume it is no breach \(lock.k ?? 0)"
            )[language]
        }.joined(separator: "\n")
    }
}
