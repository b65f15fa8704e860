import CollectorLocks
import CollectorStore
import Domain
import Platform
import Wire

/// What staff see of locks: lists, the whole story of one, what one would refuse, and exports.
extension StaffCommands {
    func lockList(_ request: AdminRequest) throws -> AdminAnswer {
        let isAll = request.flags.contains("all")
        let rows = try desk.store.read { records in
            let locks =
                try isAll
                ? records.locks()
                : records.locks(state: .proposed) + records.locks(state: .active)
            let agents = try records.agents()
            let book = desk.locks.book(records, at: .now)
            return try locks.map { try LockView($0, book, desk.delivery, agents: agents) }
        }
        var answer = AdminAnswer()
        answer.columns = LockView.columns
        answer.rows = rows.map { $0.cells(request.language, nothing: nothing).map(cell) }
        answer.json = .array(rows.map { .object($0.fields) })
        return answer
    }

    func lockShow(_ request: AdminRequest) throws -> AdminAnswer {
        try one(try argument(request, 0, "a lock id"), request)
    }

    /// Returns the whole story of a lock: figures, sentences, proposal → approval → delivery → refusals → release.
    package func one(
        _ id: String, _ request: AdminRequest, _ warnings: [Localized] = []
    ) throws -> AdminAnswer {
        let found: (view: LockView, notice: Localized?)? = try desk.store.read { records in
            try records.lock(id).map { lock in
                let book = desk.locks.book(records, at: .now)
                return (
                    try LockView(lock, book, desk.delivery),
                    try LockNotice(lock: lock, book: book, delivery: desk.delivery).text()
                )
            }
        }
        guard let (view, notice) = found else {
            throw CommandFailure(
                .badInput, "there is no lock \(shown(id)); see lock list --all",
                vi: "không có lệnh khóa \(shown(id)); xem lock list --all")
        }
        var answer = AdminAnswer()
        if !warnings.isEmpty { answer.warnings = warnings.map { $0[request.language] } }
        var story = view.story
        story["notice"] = notice.map(both) ?? .null
        answer.json = .object(story)
        answer.text = view.text(request.language)
        // The notice goes to the unit, so it is always in both languages.
        if let notice {
            answer.text? +=
                "\n\n" + [notice.vi, notice.en].map(ShownText.line).joined(separator: "\n")
        }
        return answer
    }

    /// Says what a lock on a scope would refuse, by the same hours of the last 7 days; for a system in observe mode,
    /// also what its rules would have refused.
    func lockPreview(_ request: AdminRequest) throws -> AdminAnswer {
        let scope = try scope(request)
        let preview = try desk.store.read {
            try check(scope, $0)
            return try LockPreview(scope, desk.locks.book($0, at: .now))
        }
        var answer = table(
            ["reason", "account", "service", "count"],
            preview.noted.map { [$0.reason, $0.login, $0.service, String($0.count)] })
        if preview.noted.isEmpty, !isForSpreadsheet {
            answer.columns = nil
            answer.rows = nil
        }
        answer.json = preview.json
        answer.text = preview.sentence[request.language]
        return answer
    }

    func lockExport(_ request: AdminRequest) throws -> AdminAnswer {
        let format = request.option("format") ?? "json"
        let locks = try desk.store.read { records in
            try LockExport(records: records, book: desk.locks.book(records, at: .now)).locks()
        }
        var answer = AdminAnswer()
        switch format {
        case "nginx-map": answer.text = LockExport.nginxMap(locks)
        case "json":
            answer.json = LockExport.json(locks)
            answer.text = shownJSON(answer.json ?? .null)
        default:
            throw CommandFailure(
                .usage, "lock export --format \(shown(format)): must be nginx-map or json",
                vi: "lock export --format \(shown(format)): phải là nginx-map hoặc json")
        }
        return answer
    }
}
