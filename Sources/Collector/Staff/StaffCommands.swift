import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// What staff may ask of the running collector; one method a command, grouped by file.
struct StaffCommands {
    package let desk: Desk
    /// Who asks, for the audit log.
    package let who: String
    /// Whether cells are given in full, and empty if there is no value.
    var isForSpreadsheet = false

    package func cell(_ text: String) -> String { isForSpreadsheet ? text : shown(text) }
    package var nothing: String { isForSpreadsheet ? "" : "-" }

    package func run(_ request: AdminRequest) throws -> AdminAnswer {
        switch request.command {
        case "registry import": try registryImport(request)
        case "registry list": try registryList(request)
        case "agent token": try agentToken(request)
        case "agent list": try agentList()
        case "agent show": try agentShow(request)
        case "agent revoke": try agentRevoke(request)
        case "agent mode": try agentMode(request)
        case "usage": try usage(request)
        case "alerts list": try alertsList(request)
        case "alerts show": try alertsShow(request)
        case "alerts resolve": try alertsResolve(request)
        case "alerts changes": try alertsChanges(request)
        case "shift report": try shiftReport(request)
        case "lock add": try lockAdd(request)
        case "lock list": try lockList(request)
        case "lock show": try lockShow(request)
        case "lock release": try lockRelease(request)
        case "lock approve": try lockApprove(request)
        case "lock reject": try lockReject(request)
        case "lock replace": try lockReplace(request)
        case "lock preview": try lockPreview(request)
        case "lock export": try lockExport(request)
        case "quota grant": try quotaGrant(request)
        case "quota list": try quotaList(request)
        case "lockset export": try locksetExport(request)
        case "emergency": try emergency(request)
        case "evidence show": try evidenceShow(request)
        case "evidence verify": try evidenceVerify(request)
        case "evidence pack": try evidencePack(request)
        case "audit list": try auditList(request)
        case "audit verify": try auditVerify(request)
        case "backup": try backup(request)
        case "clock show": clockShow(request)
        case "clock accept": try clockAccept(request)
        default:
            throw CommandFailure(
                .usage, "'\(shown(request.command))' is no command of the server",
                vi: "máy chủ không có lệnh '\(shown(request.command))'")
        }
    }

    package func argument(_ request: AdminRequest, _ index: Int, _ what: String) throws -> String {
        guard index < request.arguments.count else {
            throw CommandFailure(
                .usage, "\(request.command): \(what) is needed",
                vi: "\(request.command): còn thiếu tham số (\(what)); xem --help")
        }
        return request.arguments[index]
    }

    package func required(_ request: AdminRequest, _ name: String) throws -> String {
        guard let value = request.option(name), !value.isEmpty else {
            throw CommandFailure(
                .usage, "\(request.command): --\(name) is needed",
                vi: "\(request.command): còn thiếu --\(name)")
        }
        return value
    }

    package func number(_ request: AdminRequest) throws -> Int64 {
        let text = try argument(request, 0, "an id")
        guard let id = Int64(text) else {
            throw CommandFailure(
                .usage, "\"\(shown(text))\" is no alert id; see alerts list",
                vi: "\"\(shown(text))\" không phải số cảnh báo; xem alerts list")
        }
        return id
    }

    package func time(_ request: AdminRequest, _ name: String) throws -> Timestamp? {
        guard let text = request.option(name) else { return nil }
        guard let time = Timestamp(text) else {
            throw CommandFailure(
                .usage,
                "--\(name) \"\(shown(text))\" is no time like 2026-11-24T08:00:00+07:00 or 2026-11-24",
                vi:
                    "--\(name) \"\(shown(text))\" không phải thời điểm như 2026-11-24T08:00:00+07:00 hoặc 2026-11-24"
            )
        }
        return time
    }

    /// Reads `--from` and `--to`. Throws if they are in the wrong order.
    package func span(_ request: AdminRequest) throws -> (from: Timestamp?, to: Timestamp?) {
        let (from, to) = (try time(request, "from"), try time(request, "to"))
        if let from, let to, from > to {
            throw CommandFailure(
                .usage, "--from \(from) is later than --to \(to)",
                vi: "--from \(from) muộn hơn --to \(to)")
        }
        return (from, to)
    }

    func knownSystem(_ text: String, _ records: Records) throws -> SystemRecord {
        guard let system = try records.system(SystemCode(unchecked: text)) else {
            throw CommandFailure(
                .badInput, "\(shown(text)) is not a registered system; see registry list systems",
                vi: "\(shown(text)) chưa được đăng ký; xem registry list systems")
        }
        return system
    }

    // MARK: shapes

    package func both(_ text: Localized) -> JSONValue {
        .object(["vi": .string(text.vi), "en": .string(text.en)])
    }

    /// Makes a table whose JSON is a list of objects with text values.
    package func table(_ columns: [String], _ rows: [[String]]) -> AdminAnswer {
        var answer = AdminAnswer()
        answer.columns = columns
        answer.rows = rows.map { $0.map(cell) }
        answer.json = .array(
            rows.map { row in
                .object(
                    Dictionary(uniqueKeysWithValues: zip(columns, row.map { JSONValue.string($0) }))
                )
            })
        return answer
    }

    func shownJSON(_ value: JSONValue) -> String {
        (try? encodeJSON(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
