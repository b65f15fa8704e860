import Domain
import Platform
import Wire

extension StaffCommands {
    func lockAdd(_ request: AdminRequest) throws -> AdminAnswer {
        let text = try required(request, "scope")
        guard let scope = Scope(text) else {
            throw CommandFailure(.usage, "--scope \(shown(text)): \(Scope.rule)")
        }
        let reason = try required(request, "reason")
        if scope.needsConfirmation, request.option("confirm") != text {
            throw CommandFailure(
                .usage, "\(text) is a wide scope: repeat it with --confirm '\(text)'")
        }
        let expires = try end(request)
        let id = try server.store.write { records -> String in
            try check(scope, records)
            return try server.lockBook(records).issue(
                .init(
                    scope: scope, reason: "staff", note: reason,
                    basis: request.option("basis") ?? "", issuedBy: who,
                    expiresAt: expires)
            ).id
        }
        try server.store.read { try server.delivery.refresh($0) }
        return try one(id)
    }

    /// Exactly one of `--for`, `--until`, `--indefinite`: a lock has an end, or says expressly that it has none.
    private func end(_ request: AdminRequest) throws -> Timestamp? {
        let given = [
            request.option("for") != nil, request.option("until") != nil,
            request.flags.contains("indefinite"),
        ]
        guard given.count(where: { $0 }) == 1 else {
            throw CommandFailure(
                .usage, "lock add: exactly one of --for 24h, --until TIME, --indefinite is needed")
        }
        if let span = request.option("for") {
            guard let milliseconds = parseSpan(span), milliseconds > 0 else {
                throw CommandFailure(
                    .usage, "--for \(shown(span)): must be a span like 30m, 24h or 7d")
            }
            return Timestamp.now.advanced(byMilliseconds: milliseconds)
        }
        guard let until = try time(request, "until") else { return nil }
        guard until > .now else { throw CommandFailure(.usage, "--until \(until) is past") }
        return until
    }

    private func check(_ scope: Scope, _ records: Records) throws {
        if let system = scope.system { _ = try knownSystem(system.rawValue, records) }
        if case .unit(let unit) = scope, try records.unitName(unit) == nil {
            throw CommandFailure(
                .badInput, "\(unit) is not a registered unit; see registry list units")
        }
        if case .person(let id) = scope, try records.accounts(ofPerson: id).isEmpty {
            throw CommandFailure(
                .badInput, "no account belongs to person \(id); see registry list accounts")
        }
    }

    func lockRelease(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let reason = try required(request, "reason")
        let outcome = request.option("outcome")
        if let outcome, !["justified", "mistaken"].contains(outcome) {
            throw CommandFailure(
                .usage, "--outcome \(shown(outcome)): must be justified or mistaken")
        }
        try server.store.write { records in
            guard let lock = try records.lock(id) else {
                throw CommandFailure(.badInput, "there is no lock \(shown(id)); see lock list")
            }
            guard lock.state == .active else {
                throw CommandFailure(.failed, "\(id) is \(lock.state.rawValue) already")
            }
            try server.lockBook(records).release(lock, by: who, note: reason, outcome: outcome)
        }
        try server.store.read { try server.delivery.refresh($0) }
        return try one(id)
    }

    func lockList(_ request: AdminRequest) throws -> AdminAnswer {
        let locks = try server.store.read { records in
            try records.locks(state: request.flags.contains("all") ? nil : .active).map {
                try row($0, records)
            }
        }
        return answer(locks)
    }

    func lockShow(_ request: AdminRequest) throws -> AdminAnswer {
        try one(try argument(request, 0, "a lock id"))
    }

    private func one(_ id: String) throws -> AdminAnswer {
        let found: Row? = try server.store.read { records in
            guard let lock = try records.lock(id) else { return nil }
            return try row(lock, records)
        }
        guard let row = found else {
            throw CommandFailure(.badInput, "there is no lock \(shown(id)); see lock list --all")
        }
        var answer = answer([row])
        answer.json = row.json
        return answer
    }

    private struct Row {
        let cells: [String]
        let json: JSONValue
    }

    private func answer(_ rows: [Row]) -> AdminAnswer {
        var answer = AdminAnswer()
        answer.columns = [
            "id", "state", "scope", "reason", "enforced", "expires_at", "note", "message",
        ]
        answer.rows = rows.map { $0.cells.map(shown) }
        answer.json = .array(rows.map(\.json))
        return answer
    }

    private func row(_ lock: LockRecord, _ records: Records) throws -> Row {
        let systems = try server.lockBook(records).systems(of: lock.scope)
        let agents = try records.agents().filter { !$0.isRevoked && systems.contains($0.system) }
        let enforcing = agents.count { holds($0.id, lock) }
        let figures: JSONValue = .object([
            "concerned": .integer(Int64(agents.count)), "enforcing": .integer(Int64(enforcing)),
            "stale": .integer(Int64(agents.count - enforcing)),
        ])
        let enforced = MessageKey.termLockEnforced.text([
            "enforcing": .same(enforcing), "concerned": .same(agents.count),
        ])
        return Row(
            cells: [
                lock.id, lock.state.rawValue, lock.scope.description, lock.reason, enforced.en,
                lock.expiresAt?.description ?? "-", lock.note, lock.message.vi,
            ],
            json: .object([
                "id": .string(lock.id), "scope": .string(lock.scope.description),
                "state": .string(lock.state.rawValue),
                "reason": .string(lock.reason), "note": .string(lock.note),
                "basis": .string(lock.basis),
                "message": both(lock.message), "issued_by": .string(lock.issuedBy),
                "issued_at": .string(lock.issuedAt.description),
                "expires_at": lock.expiresAt.map { .string($0.description) } ?? .null,
                "agents": figures,
            ]))
    }

    /// Proven: the agent's last request told a lock set that carries this lock.
    private func holds(_ agent: AgentID, _ lock: LockRecord) -> Bool {
        guard lock.state == .active, let sent = lock.setVersion,
            let holding = server.delivery.holding(agent)
        else {
            return false
        }
        switch lock.scope {
        case .unit, .ipEverywhere: return holding.nation.map { $0.version >= sent } ?? false
        // A person's lock went out in several sets; each carries it from its own version on.
        case .person: return holding.system != nil && server.delivery.isCurrent(agent)
        default: return holding.system.map { $0.version >= sent } ?? false
        }
    }
}
