import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// What a lock on a scope would refuse, estimated from the last 7 days.
package struct LockPreview {
    package let scope: Scope
    /// Allowed queries of the scope in 7 days, and how many accounts made them.
    package let queries: Int64
    package let accounts: Int
    package let systems: [SystemCode]
    /// What rules would have refused, for systems in observe mode.
    package let noted: [Records.NotedRecord]
    private let words: [String: Localized]

    package init(_ scope: Scope, _ book: LockBook) throws {
        self.scope = scope
        let (records, config, now) = (book.records, book.config, book.now)
        systems = try book.systems(of: scope).sorted()
        var queries: Int64 = 0
        var logins: Set<Account> = []
        var noted: [Records.NotedRecord] = []
        let persons: Set<Account>? =
            if case .person(let id) = scope { Set(try records.accounts(ofPerson: id)) } else { nil }
        let since = now.hourStart.advanced(byMilliseconds: -7 * Timestamp.millisecondsPerDay)
        for system in systems {
            var question = UsageQuestion()
            question.from = since
            question.system = system.rawValue
            switch scope {
            case .account(let login, _): question.account = login.rawValue
            case .service(let service, _): question.service = service.rawValue
            default: break
            }
            let lines = try UsageTotals(
                records: records, question: question, by: ["system", "account"],
                opening: { config.calendar(of: $0).officeFrom }
            ).run(columns: ["account"], top: nil).lines
            for line in lines {
                let account = Account(Login(unchecked: line.names[0]), system)
                guard line.sums.allowed > 0, persons?.contains(account) ?? true else { continue }
                queries = queries.adding(line.sums.allowed)
                logins.insert(account)
            }
            noted += try records.noted(system, since: since.date)
        }
        let (asked, count) = (queries, logins.count)
        self.queries = asked
        accounts = count
        self.noted = noted
        let calendar =
            systems.first.map { config.calendar(of: $0.unit) } ?? config.calendar
        words = [
            "scope_name": .same(scope.description), "scope": .same(scope.description),
            "would_refuse": .same(asked), "accounts": .same(count),
            "next_open": moment(calendar.nextOpening(after: now)),
        ]
    }

    /// Says what the lock would refuse, and what `lock add` will ask for.
    package var sentence: Localized {
        let plain = MessageKey.confirmPreview.text(words)
        guard scope.needsConfirmation else { return plain }
        let wide = MessageKey.confirmWide.text(words)
        return Localized(vi: "\(plain.vi) \(wide.vi)", en: "\(plain.en) \(wide.en)")
    }

    /// Asks to repeat the scope, for a lock with this end.
    package func confirmation(until end: Timestamp?) -> Localized {
        MessageKey.confirmLock.text(words.merging(["until": until(end)]) { first, _ in first })
    }

    package var json: JSONValue {
        .object([
            "scope": .string(scope.description), "queries_7_days": .integer(queries),
            "accounts": .integer(Int64(accounts)),
            "systems": .array(systems.map { .string($0.rawValue) }),
            "message": .object(["vi": .string(sentence.vi), "en": .string(sentence.en)]),
            "would_refuse": .array(
                noted.map {
                    .object([
                        "reason": .string($0.reason), "account": .string($0.login),
                        "service": .string($0.service), "count": .integer($0.count),
                    ])
                }),
        ])
    }
}

/// Exports the active locks for the NPD's own edge, which an agency's administrator cannot bypass.
package struct LockExport {
    package let records: Records
    package let book: LockBook

    package init(
        records: Records, book: LockBook
    ) {
        self.records = records
        self.book = book
    }

    package struct Exported {
        package let id: String
        package let scope: Scope
        package let expiresAt: Timestamp?
    }

    /// Returns the locks, with persons expanded into their accounts.
    package func locks() throws -> [Exported] {
        try records.locks(state: .active).flatMap { lock -> [Exported] in
            let scopes: [Scope] =
                if case .person(let id) = lock.scope {
                    try records.accounts(ofPerson: id).map { .account($0.login, $0.system) }
                } else {
                    [lock.scope]
                }
            return scopes.map { Exported(id: lock.id, scope: $0, expiresAt: lock.expiresAt) }
        }
    }

    package static func json(_ locks: [Exported]) -> JSONValue {
        .array(
            locks.map {
                .object([
                    "id": .string($0.id), "scope": .string($0.scope.description),
                    "expires_at": $0.expiresAt.map { .string($0.description) } ?? .null,
                ])
            })
    }

    /// Returns lines for `include` inside `map $chot_scope $chot_lock { … }`: the scope is the key, the lock's id the
    /// value.
    package static func nginxMap(_ locks: [Exported]) -> String {
        func quoted(_ text: String) -> String {
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "\"" + escaped + "\""
        }
        let lines = locks.map {
            "\(quoted($0.scope.description)) \(quoted(ShownText.line($0.id)));"
        }.sorted()
        return (["# chot-collector lock export --format nginx-map"] + lines).joined(separator: "\n")
    }
}
