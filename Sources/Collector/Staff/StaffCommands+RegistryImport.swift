import CollectorRegistry
import CollectorStore
import CollectorValues
import Domain
import Platform

/// `registry import`: files are read and checked beside the writer, staged in short steps, and in force at one moment.
extension StaffCommands {
    func registryImport(_ request: AdminRequest) throws -> AdminAnswer {
        let files = try registryFiles(request)
        if request.flags.contains("dry-run") { return try registryDryRun(files, request) }
        guard desk.imports.take() else {
            throw CommandFailure(
                .failed, "another import is under way; try again when it has ended",
                vi: "đang có lượt nhập khác; hãy thử lại khi lượt đó xong")
        }
        defer {
            desk.imports.give()
            Memory.giveBack()
        }
        try RegistryStaging.clear(desk.store)
        var plans: [RegistryPlan] = []
        do {
            for (kind, file) in files { plans.append(try importFile(kind, file, request)) }
        } catch {
            // Files imported before the bad one are in force, so agents must get them too.
            if !plans.isEmpty { try desk.policies.publish() }
            throw error
        }
        let released = try desk.policies.publish()
        var answer = registryAnswer(plans, request)
        answer.text = releasedText(released, request.language)
        return answer
    }

    /// Sorts files by what they hold: units before the systems in them, and those before their lists.
    private func registryFiles(_ request: AdminRequest) throws -> [(
        kind: RegistryKind, file: AdminRequest.NamedFile
    )] {
        var files: [(kind: RegistryKind, file: AdminRequest.NamedFile)] = []
        let kinds = RegistryKind.allCases.map(\.rawValue).joined(separator: "|")
        for file in request.files {
            let base =
                file.name.split(separator: "/").last?.split(separator: ".").first.map(String.init)
                ?? ""
            guard let kind = RegistryKind(rawValue: request.option("as") ?? base) else {
                throw CommandFailure(
                    .badInput, "\(shown(file.name)): say what it is with --as \(kinds)",
                    vi: "\(shown(file.name)): hãy nói đó là gì bằng --as \(kinds)")
            }
            files.append((kind, file))
        }
        let order = RegistryKind.allCases
        files.sort { (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0) }
        return files
    }

    private func planner(_ request: AdminRequest, _ records: Records) -> RegistryPlanner {
        RegistryPlanner(
            records: records, replaces: request.flags.contains("replace"), config: desk.config,
            now: desk.clock.certain)
    }

    private func source(_ file: AdminRequest.NamedFile) throws -> RegistrySource {
        let name = file.name.split(separator: "/").last.map(String.init) ?? file.name
        return try RegistrySource(file: shown(name), text: file.text)
    }

    /// How often a plan is made again because the registry changed meanwhile.
    private static let triesMax = 3

    private func importFile(
        _ kind: RegistryKind, _ file: AdminRequest.NamedFile, _ request: AdminRequest
    ) throws -> RegistryPlan {
        let source = try source(file)
        for attempt in 1... {
            let plan = try desk.store.read {
                try planner(request, $0).plan(kind, source, known: RegisteredPlaces($0))
            }
            let isConfirmed = request.options["confirm"]?.contains(String(plan.asked)) ?? false
            if let question = plan.question, !isConfirmed {
                throw CommandFailure(.usage, question.en, vi: question.vi)
            }
            do {
                try RegistryStaging(store: desk.store, who: who).apply(plan)
                return plan
            } catch is RegistryStaging.Moved {
                guard attempt < Self.triesMax else { break }
            }
        }
        throw CommandFailure(
            .failed, "the registry changed meanwhile; nothing of \(source.file) was imported",
            vi: "danh mục đăng ký vừa thay đổi; chưa nhập gì từ \(source.file)")
    }

    /// Reads only: says what would change, and what would be asked.
    private func registryDryRun(
        _ files: [(kind: RegistryKind, file: AdminRequest.NamedFile)], _ request: AdminRequest
    ) throws -> AdminAnswer {
        let plans = try desk.store.read { records in
            var known = try RegisteredPlaces(records)
            return try files.map { kind, file in
                let plan = try planner(request, records).plan(kind, try source(file), known: known)
                known.add(plan)
                return plan
            }
        }
        var answer = registryAnswer(plans, request)
        let questions = plans.compactMap { $0.question?[request.language] }
        answer.warnings = (answer.warnings ?? []) + questions
        return answer
    }

    private func registryAnswer(_ plans: [RegistryPlan], _ request: AdminRequest) -> AdminAnswer {
        var answer = table(
            ["file", "kind", "rows", "added", "changed", "unchanged", "removed"],
            plans.map { plan in
                let outcome = plan.outcome
                return [plan.file, plan.kind.rawValue]
                    + [
                        outcome.rows, outcome.added, outcome.changed, outcome.unchanged,
                        outcome.removed,
                    ].map(String.init)
            })
        let notes = plans.compactMap { $0.note?[request.language] }
        if !notes.isEmpty { answer.warnings = notes }
        return answer
    }
}
