import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    func registryList(_ request: AdminRequest) throws -> AdminAnswer {
        let what = try argument(request, 0, "units, systems, services, accounts or notices")
        guard let kind = RegistryKind(rawValue: what) else {
            throw CommandFailure(
                .usage,
                "registry list: \(shown(what)) must be one of \(RegistryKind.allCases.map(\.rawValue).joined(separator: ", "))",
                vi:
                    "registry list: \(shown(what)) phải là một trong \(RegistryKind.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        var columns = kind.columns
        if kind == .systems { columns.append("mode") }
        if kind == .accounts { columns.append("person") }
        let rows = try desk.store.read {
            try $0.listing(kind.inForce, columns: columns.map(kind.tableColumn))
        }
        if request.flags.contains("unmask") {
            let reason = try required(request, "reason")
            try desk.store.write {
                try $0.audit(who, "registry.unmask", what, reason, at: .now)
            }
            return table(columns, rows)
        }
        // Names, CCCD, codes and phone numbers of people stay in the registry.
        let personal = Set(["full_name", "cccd", "officer_code", "phone", "contact", "email"])
        return table(
            columns,
            rows.map { row in
                zip(columns, row).map { column, cell in
                    personal.contains(column) ? masked(cell) : cell
                }
            })
    }

    private func masked(_ text: String) -> String {
        text.isEmpty ? "" : String(text.prefix(1)) + "***"
    }

    // MARK: agents

    func agentToken(_ request: AdminRequest) throws -> AdminAnswer {
        let system = try argument(request, 0, "a system")
        let ttl = request.option("ttl") ?? "24h"
        guard let span = parseSpan(ttl), (60_000...2_592_000_000).contains(span) else {
            throw CommandFailure(
                .usage, "--ttl \(shown(ttl)): must be between 1m and 30d",
                vi: "--ttl \(shown(ttl)): phải từ 1m đến 30d")
        }
        let count = request.option("count") ?? "1"
        guard let number = Int(count), (1...1000).contains(number) else {
            throw CommandFailure(
                .usage, "--count \(shown(count)): must be between 1 and 1000",
                vi: "--count \(shown(count)): phải từ 1 đến 1000")
        }
        let tokens = try (0..<number).map { _ in
            EnrolmentToken(
                id: Base64URL.encode(try randomBytes(9)),
                secret: Base64URL.encode(try randomBytes(24)), root: desk.keys.root)
        }
        try desk.store.write { records in
            let known = try knownSystem(system, records)
            let expires = Timestamp.now.advanced(byMilliseconds: span)
            for token in tokens { try records.addToken(token, known.code, expires: expires) }
            let times = number == 1 ? "" : ", \(number) of them"
            try records.audit(
                who, "agent.token", known.code.rawValue, "ttl \(ttl)\(times)", at: .now)
        }
        return AdminAnswer(text: tokens.map(\.text).joined(separator: "\n"))
    }

    func agentList() throws -> AdminAnswer {
        let agents = try desk.store.read { try $0.agents() }
        var answer = AdminAnswer()
        answer.columns = [
            "id", "system", "state", "epoch", "seq", "last_seen", "lockset", "skew_ms",
        ]
        let cells = agents.map { agent -> [JSONValue] in
            let holding = desk.delivery.holding(agent.id)
            let held = [holding?.nation?.version, holding?.system?.version]
            let isNone = held.allSatisfy { $0 == nil }
            let versions =
                isForSpreadsheet && isNone
                ? "" : held.map { $0?.description ?? nothing }.joined(separator: "/")
            return [
                .string(agent.id.rawValue), .string(agent.system.rawValue),
                .string(agent.isRevoked ? "revoked" : "active"), .integer(agent.epoch),
                .integer(agent.seq),
                agent.lastSeen.map { .string($0.description) } ?? .null, .string(versions),
                agent.skewMilliseconds.map { .integer($0) } ?? .null,
            ]
        }
        let columns = answer.columns ?? []
        answer.rows = cells.map { $0.map(text) }
        answer.json = .array(
            cells.map { .object(Dictionary(uniqueKeysWithValues: zip(columns, $0))) })
        return answer
    }

    package func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): cell(text)
        case .integer(let number): String(number)
        case .null: nothing
        default: shownJSON(value)
        }
    }

    func agentShow(_ request: AdminRequest) throws -> AdminAnswer {
        let agent = try knownAgent(request)
        if request.flags.contains("jwk"), let jwk = agent.jwk {
            return AdminAnswer(text: String(decoding: try encodeJSON(jwk), as: UTF8.self))
        }
        return table(
            ["id", "system", "state", "kid", "epoch", "seq", "enrolled_at", "covered_to"],
            [
                [
                    agent.id.rawValue, agent.system.rawValue,
                    agent.isRevoked ? "revoked" : "active", agent.kid,
                    "\(agent.epoch)", "\(agent.seq)", agent.enrolledAt.description,
                    agent.coveredTo.description,
                ]
            ])
    }

    private func knownAgent(_ request: AdminRequest) throws -> AgentRecord {
        let id = try argument(request, 0, "an agent")
        guard let agent = try desk.store.read({ try $0.agent(AgentID(unchecked: id)) }) else {
            throw CommandFailure(
                .badInput, "\(shown(id)) is no agent; see agent list",
                vi: "\(shown(id)) không phải điểm chốt; xem agent list")
        }
        return agent
    }

    func agentRevoke(_ request: AdminRequest) throws -> AdminAnswer {
        let agent = try knownAgent(request)
        try desk.store.write {
            guard try $0.revoke(agent.id, at: .now) else {
                throw CommandFailure(
                    .failed, "\(agent.id) is revoked already",
                    vi: "\(agent.id) đã bị thu hồi từ trước")
            }
            try $0.audit(
                who, "agent.revoke", agent.id.rawValue, request.option("reason") ?? "", at: .now)
        }
        desk.forgetTokens()
        desk.clock.drop(agent.id)
        let line = Localized(
            vi: "đã thu hồi \(agent.id); số lượt đã đếm vẫn giữ",
            en: "\(agent.id) is revoked; what it counted stays")
        return AdminAnswer(text: line[request.language])
    }
}
