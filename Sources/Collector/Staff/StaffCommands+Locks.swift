import CollectorLocks
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

extension StaffCommands {
    func lockAdd(_ request: AdminRequest) throws -> AdminAnswer {
        let reason = try required(request, "reason")
        let scope = try scope(request)
        let expires = try end(request)
        try desk.store.read {
            try check(scope, $0)
            try checkConfirmed(scope, until: expires, request, $0)
        }
        let (id, warnings) = try desk.store.write { records in
            try check(scope, records)
            let warnings = try unusual(scope, records)
            let lock = try staffBook(records).issue(
                .init(
                    scope: scope, reason: "staff", note: reason,
                    basis: request.option("basis") ?? "", issuedBy: who,
                    expiresAt: expires))
            return (lock.id, warnings)
        }
        try desk.store.read { try desk.delivery.refresh($0) }
        return try one(id, request, warnings)
    }

    /// The longest time that a command may give. Whoever needs longer repeats it: a typing error must not bind or
    /// excuse for decades.
    static let longestMilliseconds: Int64 = 366 * Timestamp.millisecondsPerDay

    private func tooLong(_ request: AdminRequest, _ name: String) -> CommandFailure {
        let isLock = request.command.hasPrefix("lock ")
        let given = "--\(name) \(shown(request.option(name) ?? ""))"
        return CommandFailure(
            .usage,
            "\(request.command): \(given) ends more than a year (366 days) from now; "
                + (isLock
                    ? "give a nearer end, or --indefinite for a lock without one"
                    : "give a nearer end and order it again before then"),
            vi: "\(request.command): \(given) kết thúc sau hơn một năm (366 ngày); "
                + (isLock
                    ? "hãy nêu thời hạn gần hơn, hoặc --indefinite nếu khóa không thời hạn"
                    : "hãy nêu thời hạn gần hơn và ra lệnh lại trước khi hết hạn"))
    }

    /// Reads exactly one of `--for`, `--until`, `--indefinite`: a lock has an end, or says expressly that it has none.
    package func end(_ request: AdminRequest) throws -> Timestamp? {
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
                    .usage, "--for \(shown(span)): must be a span like 30m, 24h or 7d",
                    vi: "--for \(shown(span)): phải là khoảng thời gian như 30m, 24h hoặc 7d")
            }
            guard milliseconds <= Self.longestMilliseconds else { throw tooLong(request, "for") }
            return Timestamp.now.advanced(byMilliseconds: milliseconds)
        }
        guard let until = try time(request, "until") else { return nil }
        guard until > .now else {
            throw CommandFailure(.usage, "--until \(until) is past", vi: "--until \(until) đã qua")
        }
        guard until <= Timestamp.now.advanced(byMilliseconds: Self.longestMilliseconds) else {
            throw tooLong(request, "until")
        }
        return until
    }

    func lockRelease(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let reason = try required(request, "reason")
        let outcome = request.option("outcome")
        if let outcome, !["justified", "mistaken"].contains(outcome) {
            throw CommandFailure(
                .usage, "--outcome \(shown(outcome)): must be justified or mistaken",
                vi: "--outcome \(shown(outcome)): phải là justified hoặc mistaken")
        }
        try change(id, .active) { try $1.release($0, by: who, note: reason, outcome: outcome) }
        return try one(id, request)
    }

    func lockApprove(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try argument(request, 0, "a lock id")
        let isTimed = request.option("for") != nil || request.option("until") != nil
        let expires = isTimed ? try end(request) : nil
        try change(id, .proposed) { lock, book in
            let expires = isTimed ? expires : lock.expiresAt
            try checkConfirmed(lock.scope, until: expires, request, book.records)
            try book.approve(
                lock, by: who, note: request.option("reason") ?? "", expiresAt: expires)
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
        let scope = try scope(request)
        try desk.store.read {
            try check(scope, $0)
            try checkConfirmed(scope, until: try $0.lock(id)?.expiresAt, request, $0)
        }
        let (made, warnings) = try change(id, .active) { lock, book in
            try check(scope, book.records)
            let warnings = try unusual(scope, book.records, replacing: lock.id)
            return (try book.replace(lock, scope: scope, by: who, note: reason).id, warnings)
        }
        return try one(made, request, warnings)
    }

    /// Changes a lock that is in the state which a command needs, in one transaction, and tells agents at once.
    private func change<T>(
        _ id: String, _ state: LockState, _ body: (LockRecord, LockBook) throws -> T
    )
        throws -> T
    {
        let value = try desk.store.write { records in
            guard let lock = try records.lock(id) else {
                throw CommandFailure(
                    .badInput, "there is no lock \(shown(id)); see lock list --all",
                    vi: "không có lệnh khóa \(shown(id)); xem lock list --all")
            }
            guard lock.state == state else {
                throw CommandFailure(
                    .failed,
                    "\(id) is \(lock.state.rawValue); this needs one that is \(state.rawValue)",
                    vi:
                        "lệnh khóa \(id): \(lock.state.words.vi); chỉ thực hiện được với lệnh ở trạng thái: \(state.words.vi)"
                )
            }
            return try body(lock, staffBook(records))
        }
        try desk.store.read { try desk.delivery.refresh($0) }
        return value
    }
}
