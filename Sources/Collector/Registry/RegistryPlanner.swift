import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Compares the rows of one file with what is registered, in one snapshot that holds up no writer. Says what an import
/// would change, what is wrong with it, and what must be asked first.
package struct RegistryPlanner {
    package let records: Records
    package let replaces: Bool
    /// If nil, the sizes of policies are not checked.
    package var config: CollectorConfig?
    package var now = Timestamp.now

    package init(
        records: Records, replaces: Bool, config: CollectorConfig? = nil,
        now: Timestamp = Timestamp.now
    ) {
        self.records = records
        self.replaces = replaces
        self.config = config
        self.now = now
    }
    /// The most units or systems of a file, since they are changed in place, in one transaction.
    package static let placesMax = 5000

    package func plan(_ kind: RegistryKind, _ source: RegistrySource, known: RegisteredPlaces)
        throws
        -> RegistryPlan
    {
        let file = source.file
        var plan = RegistryPlan(
            kind: kind, file: file, sha256: source.sha256, base: try records.registration())
        var reading = RegistryReading(kind, file: file, known: known)
        let rows = try reading.rows(source)
        var problems = reading.problems
        plan.outcome.rows = rows.count
        if problems.isEmpty {
            for row in rows { try compare(row, &plan) }
            var lists = RegistryLists()
            if replaces { problems += try removeUnnamed(rows, &plan, &lists) }
            if kind == .services { problems += try overCap(rows, plan) }
            problems += tooManyPlaces(plan)
            if problems.isEmpty {
                if let config { try PolicySizes(records, config, now).check(plan) }
                try RegistryQuestions(records: records, now: now).ask(&plan, &lists)
            }
        }
        guard problems.isEmpty else { throw Self.failure(problems, file) }
        return plan
    }

    private func compare(_ row: RegistryRow, _ plan: inout RegistryPlan) throws {
        guard let former = try records.registered(plan.kind, row.key) else {
            plan.changes.append(.added(row))
            plan.outcome.added += 1
            return
        }
        if zip(former, row.values).allSatisfy({ $0.isSame(as: $1) }) {
            plan.outcome.unchanged += 1
        } else {
            plan.changes.append(.changed(row, former: former))
            plan.outcome.changed += 1
        }
    }

    private static let problemsShown = 20

    package static func failure(_ problems: [Localized], _ file: String) -> CommandFailure {
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

    private func tooManyPlaces(_ plan: RegistryPlan) -> [Localized] {
        guard !plan.kind.hasRegistrations, plan.changes.count > Self.placesMax else { return [] }
        return [
            Localized(
                vi:
                    "\(plan.file): thay đổi \(plan.changes.count) dòng; mỗi lần tối đa \(Self.placesMax), hãy chia tệp",
                en:
                    "\(plan.file): changes \(plan.changes.count) rows; \(Self.placesMax) at a time at most, split the file"
            )
        ]
    }

    // MARK: --replace

    /// Takes the file as the whole list of the systems that it names (for units: of the nation; for systems: of their
    /// units). Returns what cannot be removed, and why.
    private func removeUnnamed(
        _ rows: [RegistryRow], _ plan: inout RegistryPlan, _ lists: inout RegistryLists
    ) throws -> [Localized] {
        let kind = plan.kind
        guard !rows.isEmpty else {
            plan.notes.append(
                Localized(
                    vi: "tệp không có dòng nào nên --replace không xóa gì",
                    en: "the file has no row, so --replace removes nothing"))
            return []
        }
        let named = Set(rows.map(\.name))
        let units = Set(rows.map { SystemCode(unchecked: $0.key[0].asText).unit })
        let systems: [SystemCode?] =
            kind.hasRegistrations ? Array(Set(rows.map(\.system))).sorted() : [nil]
        var problems: [Localized] = []
        for system in systems {
            var list = RegistryLists.List(of: system?.rawValue ?? "")
            try records.eachRegistered(kind, system) { key, values in
                let code = SystemCode(unchecked: key[0].asText)
                guard kind != .systems || units.contains(code.unit) else { return }
                list.total += 1
                guard !named.contains(RegistryRow.name(key)) else { return }
                plan.changes.append(.removed(key: key, former: values))
                plan.outcome.removed += 1
                list.gone.append(key[min(1, key.count - 1)].asText)
            }
            if !kind.hasRegistrations {
                for name in list.gone {
                    guard let why = try keeper(kind, name) else { continue }
                    problems.append(
                        Localized(
                            vi:
                                "\(plan.file): \(shown(name)) không có trong tệp và không thể xóa: \(why.vi)",
                            en:
                                "\(plan.file): \(shown(name)) is not in it and cannot be removed: \(why.en)"
                        ))
                }
            }
            lists.add(list)
        }
        return problems
    }

    /// Returns why a unit or system must stay; nil if it may be removed.
    private func keeper(_ kind: RegistryKind, _ name: String) throws -> Localized? {
        if kind == .units {
            return try records.hasSystems(unit: name)
                ? Localized(vi: "đơn vị còn hệ thống", en: "it has systems") : nil
        }
        return try records.keeper(ofSystem: name)
    }

    // MARK: the cap

    private func overCap(_ rows: [RegistryRow], _ plan: RegistryPlan) throws -> [Localized] {
        let place = RegistryKind.services.place(of: "off_per_day")
        var growth: [SystemCode: Int64] = [:]
        for change in plan.changes {
            let (system, more) =
                switch change {
                case .added(let row): (row.system, row.values[place].asNumber)
                case .changed(let row, let former):
                    (row.system, row.values[place].asNumber.subtracting(former[place].asNumber))
                case .removed(let key, let former):
                    (
                        SystemCode(unchecked: key[0].asText),
                        Int64(0).subtracting(former[place].asNumber)
                    )
                }
            growth[system] = (growth[system] ?? 0).adding(more)
        }
        let most = RegistryReading.offHoursMax
        return try Set(rows.map(\.system)).sorted().compactMap { system in
            let total = try records.offVolumes(system.rawValue).adding(growth[system] ?? 0)
            guard total > most else { return nil }
            let lines = rows.filter { $0.system == system }.map { String($0.line) }
            let place = "\(plan.file):\(lines.joined(separator: ",")): off_per_day: "
            return Localized(
                vi: place
                    + "hệ thống \(system) đăng ký \(total) lượt ngoài giờ mỗi ngày; công văn (mẫu 4, ghi chú 3) cho phép \(most)",
                en: place
                    + "system \(system) registers \(total) off-hours queries a day; the letter (form 4, note 3) allows \(most)"
            )
        }
    }
}

/// The lists that `--replace` takes as complete: how long they were, and who is removed.
package struct RegistryLists {
    package struct List {
        package let of: String

        package init(of place: String) { of = place }

        package var total = 0
        package var gone: [String] = []
    }

    package private(set) var all: [List] = []

    package mutating func add(_ list: List) { all.append(list) }
}
