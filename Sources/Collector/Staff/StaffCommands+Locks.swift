import Domain
import Platform
import Wire

extension StaffCommands {
    func lockAdd(_ request: AdminRequest) throws -> AdminAnswer {
        let reason = try required(request, "reason")
        let scope = try newScope(request)
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
        return try one(id, request)
    }

    /// `--scope`; a wide one is typed again with `--confirm`.
    func newScope(_ request: AdminRequest) throws -> Scope {
        let text = try required(request, "scope")
        guard let scope = Scope(text) else {
            throw CommandFailure(.usage, "--scope \(shown(text)): \(Scope.rule)")
        }
        if scope.needsConfirmation, request.option("confirm") != text {
            throw try unconfirmed(scope, request)
        }
        return try canonical(scope)
    }

    /// Addresses in the one spelling by which agents compare them.
    private func canonical(_ scope: Scope) throws -> Scope {
        func address(_ text: String) throws -> String {
            guard let canonical = ListenAddress.canonicalAddress(text) else {
                throw CommandFailure(.usage, "--scope: \"\(shown(text))\" is no IP address")
            }
            return canonical
        }
        switch scope {
        case .ip(let text, let system): return .ip(try address(text), system)
        case .ipEverywhere(let text): return .ipEverywhere(try address(text))
        default: return scope
        }
    }

    /// Says what a wide lock would refuse, and how to confirm it.
    private func unconfirmed(
        _ scope: Scope, _ request: AdminRequest, _ records: Records? = nil
    ) throws -> CommandFailure {
        let preview =
            try records.map { try LockPreview(scope, $0, server) }
            ?? server.store.read { try LockPreview(scope, $0, server) }
        return CommandFailure(
            .usage, "\(preview.sentence[request.language]) (--confirm '\(scope)')")
    }

    /// Exactly one of `--for`, `--until`, `--indefinite`: a lock has an end, or says expressly that it has none.
    func end(_ request: AdminRequest) throws -> Timestamp? {
        let given = [
            request.option("for") != nil, request.option("until") != nil,
            request.flags.contains("indefinite"),
        ]
        guard given.count(where: { $0 }) == 1 else {
            throw CommandFailure(
                .usage,
                "\(request.command): exactly one of --for 24h, --until TIME, --indefinite is needed",
                vi: "\(request.command): phải nêu đúng một trong --for 24h, --until T, --indefinite"
            )
        }
        if let span = request.option("for") {
            guard let milliseconds = parseSpan(span), milliseconds > 0 else {
                throw CommandFailure(
                    .usage, "--for \(shown(span)): must be a span like 30m, 24h or 7d")
            }
            return Timestamp.now.advanced(byMilliseconds: milliseconds)
        }
        guard let until = try time(request, "until") else { return nil }
        guard until > .now else {
            throw CommandFailure(.usage, "--until \(until) is past", vi: "--until \(until) đã qua")
        }
        return until
    }

    private func check(_ scope: Scope, _ records: Records) throws {
        if let system = scope.system { _ = try knownSystem(system.rawValue, records) }
        if case .unit(let unit) = scope, try records.unitName(unit) == nil {
            throw CommandFailure(
                .badInput, "\(unit) is not a registered unit; see registry list units",
                vi: "\(unit) chưa được đăng ký; xem registry list units")
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
        try change(id, .active) { try $1.release($0, by: who, note: reason, outcome: outcome) }
        return try one(id, request)
    }

    func lockApprove(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let isTimed = request.option("for") != nil || request.option("until") != nil
        let expires = isTimed ? try end(request) : nil
        try change(id, .proposed) { lock, book in
            let wide = lock.scope.needsConfirmation
            if wide, request.option("confirm") != lock.scope.description {
                throw try unconfirmed(lock.scope, request, book.records)
            }
            try book.approve(
                lock, by: who, note: request.option("reason") ?? "",
                expiresAt: isTimed ? expires : lock.expiresAt)
        }
        return try one(id, request)
    }

    func lockReject(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let reason = try required(request, "reason")
        try change(id, .proposed) { try $1.reject($0, by: who, note: reason) }
        return try one(id, request)
    }

    func lockReplace(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let reason = try required(request, "reason")
        let scope = try newScope(request)
        let made = try change(id, .active) { lock, book in
            try check(scope, book.records)
            return try book.replace(lock, scope: scope, by: who, note: reason).id
        }
        return try one(made, request)
    }

    /// A lock in the state that a command needs, changed in one transaction; agents are told at once.
    private func change<T>(
        _ id: String, _ state: LockState, _ body: (LockRecord, LockBook) throws -> T
    )
        throws -> T
    {
        let value = try server.store.write { records in
            guard let lock = try records.lock(id) else {
                throw CommandFailure(
                    .badInput, "there is no lock \(shown(id)); see lock list --all",
                    vi: "không có lệnh khóa \(shown(id)); xem lock list --all")
            }
            guard lock.state == state else {
                throw CommandFailure(
                    .failed,
                    "\(id) is \(lock.state.rawValue); this needs one that is \(state.rawValue)")
            }
            return try body(lock, server.lockBook(records))
        }
        try server.store.read { try server.delivery.refresh($0) }
        return value
    }
}
