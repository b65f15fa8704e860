import Domain
import Platform

/// Imports registry files: all of a file or nothing of it, every problem named by line, column and value.
struct RegistryImport {
    /// Letter, form 4, note 3: registered off-hours queries of a system a day.
    static let offHoursMax: Int64 = 1000
    static let perDayMax: Int64 = 10_000_000

    let records: Records
    let replaces: Bool

    struct Outcome {
        var rows = 0
        var added = 0
        var changed = 0
        var unchanged = 0
        var removed = 0
    }

    func run(_ kind: RegistryKind, file: String, text: String) throws -> Outcome {
        let csv: CSV
        do { csv = try CSV(text) } catch {
            throw CommandFailure(
                .badInput, "\(file):\(error.line): \(error.message.en)",
                vi: "\(file):\(error.line): \(error.message.vi)")
        }
        let columns = try places(kind, file, csv.header)
        var problems: [Localized] = []
        var outcome = Outcome()
        var seen: [String: Int] = [:]
        var named: [String: Set<String>] = [:]
        for row in csv.rows {
            var reader = RowReader(file: file, row: row, columns: columns)
            let key = [
                reader.text("system"), reader.text("code"), reader.text("login"),
                reader.text("service"), kind == .notices ? reader.text("from") : "",
                kind == .notices ? reader.text("hours") : "",
            ]
            .joined(separator: "\u{1F}")
            if let first = seen.updateValue(row.line, forKey: key) {
                reader.problems.append(
                    Localized(
                        vi: "\(file):\(row.line): trùng với dòng \(first); hãy bỏ một dòng",
                        en: "\(file):\(row.line): the same as line \(first); remove one of them"))
            }
            let change = try importRow(kind, &reader)
            problems += reader.problems
            outcome.rows += 1
            switch change {
            case .added: outcome.added += 1
            case .changed: outcome.changed += 1
            case .unchanged, nil: outcome.unchanged += 1
            }
            let system = reader.text("system")
            named[system, default: []].insert(reader.text(kind == .accounts ? "login" : "service"))
        }
        if problems.isEmpty { outcome.removed = try removeUnnamed(kind, named) }
        if kind == .services { problems += try overCap(named.keys, file, csv, columns) }
        guard problems.isEmpty else {
            throw Self.failure(problems, file)
        }
        return outcome
    }

    private static let problemsShown = 20

    private static func failure(_ problems: [Localized], _ file: String) -> CommandFailure {
        let more = problems.count - problemsShown
        func text(_ language: Language, _ more: String, _ end: String) -> String {
            (problems.prefix(problemsShown).map { $0[language] } + [more, end])
                .filter { !$0.isEmpty }.joined(separator: "\n")
        }
        return CommandFailure(
            .badInput,
            text(.en, more > 0 ? "… and \(more) more" : "", "nothing of \(file) was imported"),
            vi: text(.vi, more > 0 ? "… và \(more) lỗi khác" : "", "không nhập gì từ \(file)"))
    }

    /// `--replace`: the file is the whole list of the systems that it names.
    private func removeUnnamed(_ kind: RegistryKind, _ named: [String: Set<String>]) throws -> Int {
        guard replaces, kind == .accounts || kind == .services else { return 0 }
        let column = kind == .accounts ? "login" : "service"
        return try named.reduce(0) { sum, list in
            try sum
                + records.removeOthers(
                    kind.table, column: column, system: list.key, keep: list.value)
        }
    }

    private func places(_ kind: RegistryKind, _ file: String, _ header: [String]) throws -> [String:
        Int]
    {
        var places: [String: Int] = [:]
        for (index, head) in header.enumerated() {
            // The forms number their rows.
            if ["tt", "stt"].contains(head.lowercased()) { continue }
            guard let column = kind.column(head) else {
                let near = nearest(head, in: kind.columns).map { "; did you mean \($0)?" } ?? ""
                throw CommandFailure(
                    .badInput,
                    "\(file):1: column \"\(shown(head))\" is unknown\(near) Known: \(kind.columns.joined(separator: ","))",
                    vi:
                        "\(file):1: không có cột \"\(shown(head))\"\(near) Các cột: \(kind.columns.joined(separator: ","))"
                )
            }
            guard places.updateValue(index, forKey: column) == nil else {
                throw CommandFailure(
                    .badInput, "\(file):1: column \(column) is given twice",
                    vi: "\(file):1: cột \(column) có hai lần")
            }
        }
        let missing = kind.required.subtracting(places.keys).sorted()
        guard missing.isEmpty else {
            throw CommandFailure(
                .badInput, "\(file):1: column \(missing.joined(separator: ", ")) is missing",
                vi: "\(file):1: thiếu cột \(missing.joined(separator: ", "))")
        }
        return places
    }

    private func importRow(_ kind: RegistryKind, _ row: inout RowReader) throws -> RegistryChange? {
        switch kind {
        case .units:
            let code = row.name("code", UnitCode.self)
            let values: [(String, StoredValue)] = [
                ("name", row.required("name")),
                ("kind", row.oneOf("kind", ["ministry", "agency", "province", "city"])),
                ("province_code", .text(row.text("province_code"))),
            ]
            guard row.problems.isEmpty else { return nil }
            return try records.upsert("unit", key: [("code", code)], values: values)
        case .systems:
            let code = row.name("code", SystemCode.self)
            let unit = row.text("unit")
            if let system = SystemCode(row.text("code")), system.unit.rawValue != unit {
                row.problem(
                    "unit", "must be \(system.unit), as in the system's code",
                    vi: "phải là \(system.unit), như trong mã hệ thống")
            } else if try !records.exists("unit", code: unit) {
                row.problem(
                    "unit", "is not a registered unit; import units.csv first",
                    vi: "chưa được đăng ký; hãy nhập units.csv trước")
            }
            let values: [(String, StoredValue)] =
                [("unit", .text(unit)), ("name", row.required("name"))]
                + ["contact", "phone", "email"].map { ($0, .text(row.text($0))) }
            guard row.problems.isEmpty else { return nil }
            return try records.upsert("system", key: [("code", code)], values: values)
        case .services:
            try checkSystem(&row)
            let service = row.name("service", ServiceName.self)
            let values: [(String, StoredValue)] = [
                ("office_per_day", row.number("office_per_day", Self.perDayMax)),
                ("off_per_day", row.number("off_per_day", Self.perDayMax)),
                ("purpose", .text(row.text("purpose"))),
            ]
            guard row.problems.isEmpty else { return nil }
            return try records.upsert(
                "service", key: [("system", .text(row.text("system"))), ("service", service)],
                values: values)
        case .accounts: return try importAccount(&row)
        case .notices: return try importNotice(&row)
        }
    }

    /// Thông báo chạy tiến trình tự động. Only an accepted one with its document number excuses.
    private func importNotice(_ row: inout RowReader) throws -> RegistryChange? {
        try checkSystem(&row)
        let service = row.name("service", ServiceName.self)
        let (from, to) = (CalendarDate(row.text("from")), CalendarDate(row.text("to")))
        if from == nil {
            row.problem("from", "is no date like 2026-11-24", vi: "không phải ngày dạng 2026-11-24")
        }
        if to == nil {
            row.problem("to", "is no date like 2026-11-24", vi: "không phải ngày dạng 2026-11-24")
        }
        if let from, let to, from > to {
            row.problem("to", "is earlier than from", vi: "sớm hơn from")
        }
        if clockHours(row.text("hours")) == nil {
            row.problem(
                "hours", "must be clock hours like 20-23 or 22-23,0-5",
                vi: "phải là các giờ như 20-23 hoặc 22-23,0-5")
        }
        let status = row.text("status")
        if !["received", "accepted", "rejected"].contains(status) {
            row.problem(
                "status", "must be received, accepted or rejected",
                vi: "phải là received, accepted hoặc rejected")
        }
        if status == "accepted", row.text("number").isEmpty {
            row.problem(
                "number", "is empty; an accepted notice has a document number",
                vi: "để trống; thông báo được chấp nhận phải có số văn bản")
        }
        let noPlan = ["no", "none", "không", "0", "-"]
        let plan = noPlan.contains(row.text("plan").lowercased()) ? "" : row.text("plan")
        let perDay = row.number("per_day", Self.perDayMax)
        guard row.problems.isEmpty, let from, let to else { return nil }
        return try records.upsert(
            "notice",
            key: [
                ("system", .text(row.text("system"))), ("service", service),
                ("from_date", .text(from.description)), ("hours", .text(row.text("hours"))),
            ],
            values: [
                ("to_date", .text(to.description)), ("per_day", perDay),
                ("contact", .text(row.text("contact"))), ("status", .text(status)),
                ("number", .text(row.text("number"))), ("plan", .text(plan)),
            ])
    }

    private func importAccount(_ row: inout RowReader) throws -> RegistryChange? {
        try checkSystem(&row)
        let login = row.name("login", Login.self)
        let kind = row.text("kind").isEmpty ? "person" : row.text("kind")
        if !["person", "system"].contains(kind) {
            row.problem("kind", "must be person or system", vi: "phải là person hoặc system")
        }
        let cccd = row.text("cccd")
        let isNumber = cccd.utf8.count == 12 && cccd.utf8.allSatisfy { (48...57).contains($0) }
        // A number of a person is not repeated in messages.
        if !(isNumber || (cccd.isEmpty && kind == "system")) {
            row.problems.append(
                Localized(
                    vi:
                        "\(row.file):\(row.row.line): cccd: phải có 12 chữ số, đang có \(cccd.count) ký tự",
                    en:
                        "\(row.file):\(row.row.line): cccd: must be 12 digits, has \(cccd.count) characters"
                )
            )
        }
        var values: [(String, StoredValue)] = [
            ("full_name", row.required("full_name")), ("cccd", .text(cccd)),
            ("officer_code", .text(row.text("officer_code"))), ("phone", .text(row.text("phone"))),
            ("per_day", row.number("per_day", Self.perDayMax)), ("kind", .text(kind)),
        ]
        guard row.problems.isEmpty else { return nil }
        values.append(
            ("person", .optional(kind == "person" ? try records.person(cccd: cccd) : nil)))
        return try records.upsert(
            "account", key: [("system", .text(row.text("system"))), ("login", login)],
            values: values)
    }

    private func checkSystem(_ row: inout RowReader) throws {
        let system = row.text("system")
        if try !records.exists("system", code: system) {
            row.problem(
                "system", "is not a registered system; import systems.csv first",
                vi: "chưa được đăng ký; hãy nhập systems.csv trước")
        }
    }

    private func overCap(
        _ systems: some Sequence<String>, _ file: String, _ csv: CSV, _ columns: [String: Int]
    )
        throws -> [Localized]
    {
        try systems.sorted().compactMap { system in
            let total = try records.offVolumes(system)
            guard total > Self.offHoursMax, let column = columns["system"] else { return nil }
            let lines = csv.rows.filter { CSV.trimmed($0.cells[column]) == system }.map {
                String($0.line)
            }
            let place = "\(file):\(lines.joined(separator: ",")): off_per_day: "
            return Localized(
                vi: place
                    + "hệ thống \(system) đăng ký \(total) lượt ngoài giờ mỗi ngày; công văn (mẫu 4, ghi chú 3) cho phép \(Self.offHoursMax)",
                en: place
                    + "system \(system) registers \(total) off-hours queries a day; the letter (form 4, note 3) allows \(Self.offHoursMax)"
            )
        }
    }
}

/// One row, its cells by column; collects what is wrong with them.
struct RowReader {
    let file: String
    let row: CSV.Row
    let columns: [String: Int]
    var problems: [Localized] = []

    init(file: String, row: CSV.Row, columns: [String: Int]) {
        self.file = file
        self.row = row
        self.columns = columns
    }

    func text(_ column: String) -> String {
        columns[column].map { CSV.trimmed(row.cells[$0]) } ?? ""
    }

    mutating func problem(_ column: String, _ what: String, vi: String) {
        let place = "\(file):\(row.line): \(column): \"\(shown(text(column)))\" "
        problems.append(Localized(vi: place + vi, en: place + what))
    }

    mutating func required(_ column: String) -> StoredValue {
        if text(column).isEmpty {
            problem(column, "is empty; it must be given", vi: "để trống; bắt buộc phải có")
        }
        return .text(text(column))
    }

    mutating func name<T: Name>(_ column: String, _ type: T.Type) -> StoredValue {
        if !T.accepts(text(column)) {
            problem(column, "must be \(T.rule.en)", vi: "phải là \(T.rule.vi)")
        }
        return .text(text(column))
    }

    mutating func oneOf(_ column: String, _ values: [String]) -> StoredValue {
        if !values.contains(text(column)) {
            problem(
                column, "must be one of \(values.joined(separator: ", "))",
                vi: "phải là một trong \(values.joined(separator: ", "))")
        }
        return .text(text(column))
    }

    mutating func number(_ column: String, _ most: Int64) -> StoredValue {
        if let value = Int64(text(column)), (0...most).contains(value) { return .integer(value) }
        problem(
            column, "is not a whole number of queries from 0 to \(most)",
            vi: "không phải số lượt truy vấn nguyên từ 0 đến \(most)")
        return .integer(0)
    }
}
