import CollectorStore
import CollectorValues
import Domain
import Platform

/// Asks about what an import would do that is seldom meant, and adds what should be said.
struct RegistryQuestions {
    package let records: Records
    package let now: Timestamp

    static let listsShown = 10

    package func ask(_ plan: inout RegistryPlan, _ lists: inout RegistryLists) throws {
        if plan.kind.hasRegistrations {
            let losses = try RegistryLosses(records: records, now: now).all(plan)
            lost(&plan, losses)
            cut(&plan, losses)
        } else {
            try removed(&plan, lists.all)
        }
        if !plan.isCutTold { massChanges(&plan) }
        switch plan.kind {
        case .accounts:
            try twins(&plan)
            try strangers(&plan)
        case .services:
            let unknown = try unknownServices(&plan)
            try twins(&plan, except: unknown)
            try inUse(&plan)
        case .notices: _ = try unknownServices(&plan)
        case .units, .systems: break
        }
    }

    /// If volumes change for most of a list, tells the old and the new ones.
    private func massChanges(_ plan: inout RegistryPlan) {
        let columns = plan.kind.valueColumns.enumerated().filter {
            RegistryKind.numbers.contains($0.element)
        }.map(\.offset)
        guard !columns.isEmpty else { return }
        var changed: [SystemCode: [String]] = [:]
        for case .changed(let row, let former) in plan.changes {
            guard columns.contains(where: { !former[$0].isSame(as: row.values[$0]) }) else {
                continue
            }
            let volumes = columns.map { "\(former[$0].asText)→\(row.values[$0].asText)" }
            changed[row.system, default: []].append(
                "\(row.key[1].asText) \(volumes.joined(separator: " "))")
        }
        let total = plan.outcome.changed + plan.outcome.unchanged
        let count = changed.values.reduce(0) { $0 + $1.count }
        guard count >= 2, count * 2 > total else { return }
        let first = changed.sorted { $0.key < $1.key }.prefix(Self.listsShown).map {
            "\($0.key): \($0.value.count) (\(RegistryQuestion.names($0.value)))"
        }.joined(separator: "; ")
        plan.notes.append(
            Localized(
                vi: "đổi mức của \(count) trong \(total) dòng đã đăng ký: \(first)",
                en: "changes the volumes of \(count) of \(total) registered rows: \(first)"))
    }

    /// Asks about new names that look like a registered one, or like one another.
    private func twins(_ plan: inout RegistryPlan, except known: Set<ExactText> = []) throws {
        var added: [SystemCode: [String]] = [:]
        for case .added(let row) in plan.changes {
            let name = row.key[1].asText
            if !known.contains(ExactText(name)) { added[row.system, default: []].append(name) }
        }
        guard !added.isEmpty else { return }
        var gone: Set<ExactText> = []
        for case .removed(let key, _) in plan.changes { gone.insert(RegistryRow.name(key)) }
        var pairs: [String] = []
        for (system, names) in added.sorted(by: { $0.key < $1.key }) {
            var first: [String: String] = [:]
            try records.eachRegistered(plan.kind, system) { key, _ in
                guard !gone.contains(RegistryRow.name(key)) else { return }
                first[Lookalikes.skeleton(key[1].asText)] = key[1].asText
            }
            for name in names {
                let skeleton = Lookalikes.skeleton(name)
                if let other = first[skeleton] {
                    pairs.append("\(twin(name)) ~ \(twin(other)) @\(system)")
                } else {
                    first[skeleton] = name
                }
            }
        }
        guard !pairs.isEmpty else { return }
        let names =
            pairs.prefix(RegistryQuestion.namesShown).joined(separator: ", ")
            + (pairs.count > RegistryQuestion.namesShown ? ", …" : "")
        plan.questions.append(
            .init(
                count: pairs.count,
                text: Localized(
                    vi: "\(pairs.count) tên trông giống tên khác: \(names)",
                    en: "\(pairs.count) names look like another one: \(names)")))
    }

    private func twin(_ name: String) -> String { "\"\(shown(name))\"" }

    /// Asks about services that no agent ever sent and no list has: queries under the true name would be refused.
    private func unknownServices(_ plan: inout RegistryPlan) throws -> Set<ExactText> {
        var unknown: [(name: String, near: String?)] = []
        var seen: Set<ExactText> = []
        for case .added(let row) in plan.changes {
            let name = row.key[1].asText
            guard seen.insert(ExactText(name)).inserted,
                MessageKey(rawValue: "service.\(name)") == nil,
                try !records.knows(service: name)
            else { continue }
            unknown.append((name, try nearestService(name)))
        }
        guard !unknown.isEmpty else { return [] }
        func text(_ meant: String) -> String {
            unknown.prefix(RegistryQuestion.namesShown).map { name, near in
                twin(name) + (near.map { " (\(meant) \($0)?)" } ?? "")
            }.joined(separator: ", ") + (unknown.count > RegistryQuestion.namesShown ? ", …" : "")
        }
        plan.questions.append(
            .init(
                count: unknown.count,
                text: Localized(
                    vi:
                        "\(unknown.count) dịch vụ chưa điểm chốt nào gửi và không có trong danh mục: \(text("có phải"))",
                    en:
                        "\(unknown.count) services that no agent ever sent and no list knows: \(text("did you mean"))"
                )))
        return Set(unknown.map { ExactText($0.name) })
    }

    private func nearestService(_ name: String) throws -> String? {
        var folded: [String: String] = [:]
        for known in try records.serviceNames() { folded[Lookalikes.folded(known)] = shown(known) }
        for key in MessageKey.allCases where key.rawValue.hasPrefix("service.") {
            let known = String(key.rawValue.dropFirst("service.".count))
            folded[Lookalikes.folded(known)] = known
        }
        let meant = Lookalikes.folded(name)
        return folded[meant] ?? nearest(meant, in: folded.keys).flatMap { folded[$0] }
    }

    /// Asks if a system that enforces would no longer have any of the logins that it lately let through.
    private func strangers(_ plan: inout RegistryPlan) throws {
        var touched: [SystemCode: (added: Set<ExactText>, gone: Set<ExactText>)] = [:]
        for change in plan.changes {
            switch change {
            case .added(let row):
                touched[row.system, default: ([], [])].added.insert(ExactText(row.key[1].asText))
            case .removed(let key, _):
                let system = SystemCode(unchecked: key[0].asText)
                touched[system, default: ([], [])].gone.insert(ExactText(key[1].asText))
            case .changed: continue
            }
        }
        for (system, changed) in touched.sorted(by: { $0.key < $1.key }) {
            guard try records.system(system)?.mode == .enforce else { continue }
            let used = try records.loginsUsed(system, since: now.date.daysSinceEpoch - 1)
            let stays = try used.contains { login in
                let name = ExactText(login)
                if changed.added.contains(name) { return true }
                if changed.gone.contains(name) { return false }
                return try records.registered(
                    .accounts, [.text(system.rawValue), .text(login)]) != nil
            }
            guard !used.isEmpty, !stays else { continue }
            let names = RegistryQuestion.names(used)
            plan.questions.append(
                .init(
                    count: used.count,
                    text: Localized(
                        vi:
                            "\(system) đang thi hành, và không còn tài khoản nào trong \(used.count) tài khoản đã truy vấn từ hôm qua được đăng ký: \(names)",
                        en:
                            "\(system) enforces, and none of the \(used.count) logins that queried since yesterday would be registered: \(names)"
                    )))
        }
    }

    /// Asks about services that are removed or lose their volume for office hours, and were used within a day.
    private func inUse(_ plan: inout RegistryPlan) throws {
        var used: [String] = []
        let office = plan.kind.place(of: "office_per_day")
        for change in plan.changes {
            let key: [StoredValue]
            switch change {
            case .added: continue
            case .removed(let gone, _): key = gone
            case .changed(let row, let former):
                guard former[office].asNumber > 0, row.values[office].asNumber == 0 else {
                    continue
                }
                key = row.key
            }
            let (system, service) = (key[0].asText, key[1].asText)
            if try records.isUsed(
                service: service, system: system, sinceHour: now.milliseconds / 3_600_000 - 24)
            {
                used.append("\(service)@\(system)")
            }
        }
        guard !used.isEmpty else { return }
        let names = RegistryQuestion.names(used)
        plan.questions.append(
            .init(
                count: used.count,
                text: Localized(
                    vi:
                        "\(used.count) dịch vụ sẽ bị xóa hoặc hết mức vẫn được dùng trong 24 giờ qua: \(names)",
                    en:
                        "\(used.count) services that go or lose their volume were used within 24 hours: \(names)"
                )))
    }
}

extension RegistryKind {
    /// What the rows of the kind are called.
    package var words: (vi: String, en: String) {
        switch self {
        case .units: ("đơn vị", "units")
        case .systems: ("hệ thống", "systems")
        case .services: ("dịch vụ", "services")
        case .accounts: ("tài khoản", "accounts")
        case .notices: ("thông báo", "notices")
        }
    }
}
