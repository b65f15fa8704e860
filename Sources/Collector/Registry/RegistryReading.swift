import CollectorStore
import CollectorValues
import Domain
import Platform

/// Reads the rows of one registry file and checks each by itself. Every problem names line, column and value. What is
/// registered is not looked at, except the units and systems that rows may name.
struct RegistryReading {
    /// The most registered off-hours queries of a system a day (docs/domain.md#l12).
    static let offHoursMax: Int64 = 1000
    static let perDayMax: Int64 = 10_000_000

    package let kind: RegistryKind
    package let file: String
    package let known: RegisteredPlaces
    package private(set) var problems: [Localized] = []

    init(_ kind: RegistryKind, file: String, known: RegisteredPlaces) {
        self.kind = kind
        self.file = file
        self.known = known
    }

    /// Reads row by row, so that a file's cells and the rows made of them are never both in memory.
    package mutating func rows(_ source: RegistrySource) throws -> [RegistryRow] {
        var columns: [String: Int] = [:]
        var rows: [RegistryRow] = []
        var seen: [ExactText: Int] = [:]
        try source.read { header in
            columns = try places(header)
        } row: { row in
            var reader = RowReader(file: file, row: row, columns: columns)
            let cells = read(&reader)
            let known = RegistryRow(line: row.line, key: cells.key, values: cells.values)
            if let first = seen.updateValue(row.line, forKey: known.name) {
                reader.problems.append(
                    Localized(
                        vi: "\(file):\(row.line): trùng với dòng \(first); hãy bỏ một dòng",
                        en: "\(file):\(row.line): the same as line \(first); remove one of them"))
            }
            problems += reader.problems
            rows.append(known)
        }
        return rows
    }

    private func places(_ header: [String]) throws -> [String: Int] {
        var places: [String: Int] = [:]
        for (index, head) in header.enumerated() {
            // The letter's forms number their rows.
            if ["tt", "stt"].contains(head.lowercased()) { continue }
            guard let column = kind.column(head) else {
                let near = nearest(head, in: kind.columns)
                let all = kind.columns.joined(separator: ",")
                throw CommandFailure(
                    .badInput,
                    "\(file):1: column \"\(shown(head))\" is unknown"
                        + (near.map { "; did you mean \($0)?" } ?? "") + "; known: \(all)",
                    vi: "\(file):1: không có cột \"\(shown(head))\""
                        + (near.map { "; có phải là \($0)?" } ?? "") + "; các cột: \(all)")
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

    private func read(_ row: inout RowReader) -> (key: [StoredValue], values: [StoredValue]) {
        switch kind {
        case .units:
            let key = [row.name("code", UnitCode.self)]
            let values = [
                row.required("name"),
                row.oneOf("kind", ["ministry", "agency", "province", "city"]),
            ]
            return (key, values + [row.code("province_code")])
        case .systems:
            let key = [row.name("code", SystemCode.self)]
            checkUnit(&row)
            let values = [StoredValue.text(row.text("unit")), row.required("name")]
            return (key, values + [row.lines("contact"), row.seen("phone"), row.code("email")])
        case .services:
            checkSystem(&row)
            let key = [.text(row.text("system")), row.name("service", ServiceName.self)]
            let values = [
                row.number("office_per_day", Self.perDayMax),
                row.number("off_per_day", Self.perDayMax),
            ]
            return (key, values + [row.lines("purpose")])
        case .accounts: return readAccount(&row)
        case .notices: return readNotice(&row)
        }
    }

    private func readAccount(_ row: inout RowReader) -> (key: [StoredValue], values: [StoredValue])
    {
        checkSystem(&row)
        let login = row.name("login", Login.self)
        let kind = row.text("kind").isEmpty ? "person" : row.text("kind")
        if !["person", "system"].contains(kind) {
            row.problem("kind", "must be person or system", vi: "phải là person hoặc system")
        }
        let cccd = row.text("cccd")
        let isNumber = cccd.utf8.count == 12 && cccd.utf8.allSatisfy { (48...57).contains($0) }
        // Messages must not repeat a person's number.
        if !(isNumber || (cccd.isEmpty && kind == "system")) {
            let place = "\(file):\(row.row.line): cccd: "
            row.problems.append(
                Localized(
                    vi: place + "phải có 12 chữ số, đang có \(cccd.count) ký tự",
                    en: place + "must be 12 digits, has \(cccd.count) characters"))
        }
        let values: [StoredValue] = [
            row.required("full_name"), .text(cccd), row.code("officer_code"),
            row.seen("phone"), row.number("per_day", Self.perDayMax), .text(kind),
        ]
        return ([.text(row.text("system")), login], values)
    }

    /// Reads a notice of an automated run ("Thông báo chạy tiến trình tự động"). Only an accepted one with its document
    /// number excuses.
    private func readNotice(_ row: inout RowReader) -> (key: [StoredValue], values: [StoredValue]) {
        checkSystem(&row)
        let service = row.name("service", ServiceName.self)
        let (from, to) = (CalendarDate(row.text("from")), CalendarDate(row.text("to")))
        for (column, date) in [("from", from), ("to", to)] where date == nil {
            row.problem(
                column, "is no date like 2026-11-24", vi: "không phải ngày dạng 2026-11-24")
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
        let plan: StoredValue =
            noPlan.contains(row.text("plan").lowercased()) ? .text("") : row.lines("plan")
        return (
            [
                .text(row.text("system")), service, .text(from?.description ?? ""),
                .text(row.text("hours")),
            ],
            [
                .text(to?.description ?? ""), row.number("per_day", Self.perDayMax),
                row.lines("contact"), .text(status), row.seen("number"), plan,
            ]
        )
    }

    private func checkUnit(_ row: inout RowReader) {
        let unit = row.text("unit")
        if let system = SystemCode(row.text("code")), system.unit != UnitCode(unchecked: unit) {
            row.problem(
                "unit", "must be \(system.unit), as in the system's code",
                vi: "phải là \(system.unit), như trong mã hệ thống")
        } else if !known.units.contains(UnitCode(unchecked: unit)) {
            row.problem(
                "unit", "is not a registered unit; import units.csv first",
                vi: "chưa được đăng ký; hãy nhập units.csv trước")
        }
    }

    private func checkSystem(_ row: inout RowReader) {
        if !known.systems.contains(SystemCode(unchecked: row.text("system"))) {
            row.problem(
                "system", "is not a registered system; import systems.csv first",
                vi: "chưa được đăng ký; hãy nhập systems.csv trước")
        }
    }
}

/// The units and systems that rows may name: registered ones, and those of files that a dry run read before.
package struct RegisteredPlaces {
    package var units: Set<UnitCode> = []
    package var systems: Set<SystemCode> = []

    package init(_ records: Records) throws {
        units = Set(try records.codes("unit").map { UnitCode(unchecked: $0) })
        systems = Set(try records.codes("system").map { SystemCode(unchecked: $0) })
    }

    package mutating func add(_ plan: RegistryPlan) {
        for case .added(let row) in plan.changes {
            let code = row.key[0].asText
            if plan.kind == .units { units.insert(UnitCode(unchecked: code)) }
            if plan.kind == .systems { systems.insert(SystemCode(unchecked: code)) }
        }
    }
}
