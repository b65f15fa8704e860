import CollectorStore
import Domain
import Platform
import Wire

extension StaffCommands {
    private static let states = ["open", "resolved"]

    /// `alerts list`: the loudest first, then the latest. How many more there are is said beside the list, in every
    /// format.
    func alertsList(_ request: AdminRequest) throws -> AdminAnswer {
        let filter = try alertFilter(request)
        let list = try desk.store.read { try $0.alertList(filter) }
        var answer = AdminAnswer()
        answer.columns = ["id", "severity", "rule", "state", "at", "scope", "message"]
        answer.rows = list.alerts.map {
            [
                "\($0.id)", $0.severity.rawValue, cell($0.rule), cell($0.state), $0.at.description,
                cell($0.scope), ShownText.line($0.message[request.language]),
            ]
        }
        answer.json = .array(list.alerts.map(\.json))
        if list.more > 0 {
            let (vi, en) = (grouped(list.more, by: "."), grouped(list.more, by: ","))
            let line = Localized(
                vi:
                    "… còn \(vi) cảnh báo nữa: thu hẹp bằng --rule, --unit, --severity, --state, --from, --to, hoặc tăng --limit (nhiều nhất \(AlertFilter.limitMax))",
                en:
                    "… and \(en) more: narrow with --rule, --unit, --severity, --state, --from, --to, or raise --limit (at most \(AlertFilter.limitMax))"
            )
            answer.warnings = [line[request.language]]
        }
        return answer
    }

    /// Tells the alert in the requested language. The JSON has both, in the form of an entry of `alerts list`
    /// (docs/json).
    func alertsShow(_ request: AdminRequest) throws -> AdminAnswer {
        guard let alert = try desk.store.read({ try $0.alerts(try number(request)) }).first else {
            throw CommandFailure(
                .badInput, "there is no such alert; see alerts list",
                vi: "không có cảnh báo này; xem alerts list")
        }
        var answer = AdminAnswer()
        answer.json = alert.json
        answer.text = [
            "\(alert.rule) \(shown(alert.scope)) \(alert.at)", alert.message[request.language],
            shownJSON(alert.figures),
        ].map(ShownText.line).joined(separator: "\n")
        return answer
    }

    func alertsResolve(_ request: AdminRequest) throws -> AdminAnswer {
        let id = try number(request)
        let note = try required(request, "note")
        try desk.store.write {
            guard try $0.resolveAlert(id, at: .now) else {
                throw CommandFailure(
                    .badInput, "there is no alert \(id)", vi: "không có cảnh báo số \(id)")
            }
            try $0.audit(who, "alerts.resolve", "\(id)", note, at: .now)
        }
        let line = Localized(vi: "đã đóng cảnh báo số \(id)", en: "alert \(id) resolved")
        return AdminAnswer(text: line[request.language])
    }

    private func alertFilter(_ request: AdminRequest) throws -> AlertFilter {
        var filter = AlertFilter()
        (filter.from, filter.to) = try span(request)
        filter.rule = try request.option("rule").map { text in
            guard let rule = RuleID(rawValue: text) else {
                throw unknown("rule", text, RuleID.allCases.map(\.rawValue))
            }
            return rule
        }
        filter.severity = try request.option("severity").map { text in
            guard let severity = Severity(rawValue: text) else {
                throw unknown("severity", text, Severity.allCases.map(\.rawValue))
            }
            return severity
        }
        filter.state = try request.option("state").map { text in
            guard Self.states.contains(text) else { throw unknown("state", text, Self.states) }
            return text
        }
        filter.unit = try request.option("unit").map { text in
            guard let unit = UnitCode(text) else {
                throw CommandFailure(
                    .usage, "--unit \"\(shown(text))\" is no unit's code; see registry list units",
                    vi: "--unit \"\(shown(text))\" không phải mã đơn vị; xem registry list units")
            }
            return unit
        }
        filter.limit =
            try request.option("limit").map { text in
                guard let limit = Int(text), (1...AlertFilter.limitMax).contains(limit) else {
                    throw CommandFailure(
                        .usage,
                        "--limit \(shown(text)): must be a whole number from 1 to \(AlertFilter.limitMax)",
                        vi:
                            "--limit \(shown(text)): phải là số nguyên từ 1 đến \(AlertFilter.limitMax)"
                    )
                }
                return limit
            } ?? AlertFilter.limitStandard
        return filter
    }

    private func unknown(_ option: String, _ text: String, _ known: [String]) -> CommandFailure {
        let list = known.joined(separator: ", ")
        return CommandFailure(
            .usage, "--\(option) \"\(shown(text))\": must be one of \(list)",
            vi: "--\(option) \"\(shown(text))\": phải là một trong \(list)")
    }

    /// Returns `1,234`, or in Vietnamese `1.234`.
    private func grouped(_ number: Int, by mark: Character) -> String {
        var text = ""
        for (place, digit) in String(number).reversed().enumerated() {
            if place > 0, place % 3 == 0 { text.append(mark) }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
