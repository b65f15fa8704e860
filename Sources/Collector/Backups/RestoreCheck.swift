import CollectorEvidence
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

/// Compares a copy that is to become the database with what was signed: its audit log, and its totals with the
/// evidence, for ten minutes at most. Changes nothing.
package struct RestoreCheck {
    static let millisecondsMax: Int64 = 600_000
    /// At most so many wrong totals are listed; the others are counted.
    static let problemsMax = 20

    package let store: SQLiteStore
    package let content: Restore.Content
    package let key: Ed25519PublicKey
    package let retention: RetentionSettings?
    package let now: Timestamp

    package struct Result {
        package var problems: [Localized] = []
        /// What could not be checked.
        package var notes: [Localized] = []
        /// Figures for the audit log.
        package var figures = ""

        package init(
            problems: [Localized] = [], notes: [Localized] = [], figures: String = ""
        ) {
            self.problems = problems
            self.notes = notes
            self.figures = figures
        }
    }

    package func run() throws -> Result {
        var result = Result()
        try checkAudit(&result)
        try checkTotals(&result)
        return result
    }

    private func checkAudit(_ result: inout Result) throws {
        let entries = try store.read { try $0.auditLog() }
        if let problem = try AuditCheck.chainProblem(entries, against: []) {
            result.problems.append(Self.inLog(problem))
        }
        try checkLocks(entries, &result)
        guard let text = content.file(Backup.headFile) else {
            if !entries.isEmpty {
                result.notes.append(
                    Localized(
                        vi: "bản sao lưu không có chữ ký đầu nhật ký thao tác",
                        en: "the backup has no signed head of the audit log"))
            }
            return
        }
        guard let head = try? AuditHead.digest(text, by: key) else {
            result.problems.append(
                Self.inLog(
                    Localized(
                        vi: "chữ ký đầu nhật ký không hợp lệ",
                        en: "the signature of the log's head is wrong")))
            return
        }
        if !AuditCheck.holds(entries, head) {
            result.problems.append(Self.inLog(AuditCheck.cutShort(head)))
        }
    }

    /// Checks that every lock in the log is in the lock book, and has ended there only if the log says so too.
    private func checkLocks(_ entries: [Records.AuditRecord], _ result: inout Result) throws {
        var (told, ended): (Set<String>, Set<String>) = ([], [])
        for entry in entries where entry.action.hasPrefix("lock.") {
            let id = String(entry.subject.prefix { $0 != " " })
            guard id.hasPrefix("L-") else { continue }
            if Self.issuing.contains(entry.action) { told.insert(id) }
            if Self.ending.contains(entry.action) { ended.insert(id) }
        }
        let states = try store.read { try $0.lockStates() }
        let missing = told.filter { states[$0] == nil }.sorted()
        let quiet = told.filter { Self.over.contains(states[$0]) && !ended.contains($0) }.sorted()
        func names(_ list: [String]) -> String {
            list.prefix(Self.problemsMax).map { shown($0) }.joined(separator: ", ")
                + (list.count > Self.problemsMax ? ", … (\(list.count))" : "")
        }
        if !missing.isEmpty {
            result.problems.append(
                Localized(
                    vi:
                        "thiếu lệnh khóa mà nhật ký thao tác cho biết đã ban hành: \(names(missing))",
                    en: "locks are missing that the audit log says were issued: \(names(missing))"))
        }
        if !quiet.isEmpty {
            result.problems.append(
                Localized(
                    vi:
                        "lệnh khóa đã kết thúc mà nhật ký thao tác không ghi ai kết thúc: \(names(quiet))",
                    en: "locks are over of whose end the audit log knows nothing: \(names(quiet))"))
        }
    }

    private static let over: [LockState?] = [.released, .expired, .rejected]
    private static let issuing: Set<String> = [
        "lock.add", "lock.propose", "lock.replace", "lock.takeback",
    ]
    private static let ending: Set<String> = [
        "lock.release", "lock.reject", "lock.expire", "lock.rejudge",
    ]

    private static func inLog(_ problem: Localized) -> Localized {
        Localized(vi: "nhật ký thao tác: " + problem.vi, en: "audit log: " + problem.en)
    }

    private func checkTotals(_ result: inout Result) throws {
        // Older totals are in a table that only the running program takes over, by its calendars.
        guard content.version >= 4 else {
            result.notes.append(
                Localized(
                    vi:
                        "số tổng của lược đồ \(content.version) được chuyển đổi khi khởi động; sau đó hãy chạy evidence verify",
                    en:
                        "totals of schema \(content.version) are taken over when the collector starts; run evidence verify then"
                ))
            return
        }
        let config = config()
        let gate = EvidenceGate()
        let end = MonotonicClock.milliseconds() + Self.millisecondsMax
        var checked = EvidenceCheckResult()
        let systems = try store.read { try $0.systems().map(\.code) }
        for system in systems {
            var check = EvidenceCheck(
                store: store, config: config, system: system, agent: nil, from: nil, to: nil,
                now: now, gate: gate)
            check.rest = { _ in if MonotonicClock.milliseconds() >= end { gate.close() } }
            do { checked.add(try check.run()) } catch let failure as CommandFailure
                where failure.code == .unavailable
            { break }
        }
        result.figures =
            "\(checked.summaries) summaries of \(checked.agents) agents and \(checked.totals) totals checked"
        if checked.systems < systems.count {
            result.figures += ", \(systems.count - checked.systems) systems were not"
            result.notes.append(
                Localized(
                    vi:
                        "chỉ kiểm tra được \(checked.systems) trong \(systems.count) hệ thống trong 10 phút; sau khi khởi động hãy chạy evidence verify",
                    en:
                        "only \(checked.systems) of \(systems.count) systems were checked in 10 minutes; run evidence verify once it runs"
                ))
        }
        result.problems += checked.findings.prefix(Self.problemsMax).map {
            let place = [$0.agent, $0.epoch.map(String.init), $0.seq.map(String.init)]
                .compactMap { $0 }.joined(separator: " ")
            return Localized(
                vi: "\(shown(place)) \($0.what): \($0.vi)",
                en: "\(shown(place)) \($0.what): \($0.en)")
        }
        guard checked.found > Self.problemsMax else { return }
        let more = checked.found - Self.problemsMax
        result.problems.append(
            Localized(vi: "và \(more) điểm khác", en: "and \(more) more"))
    }

    /// The configuration in the backup, of which only the retention matters here.
    private func config() -> CollectorConfig {
        let text = content.file("collector.json5") ?? []
        let reader = try? ConfigFile.reader(of: text, name: "collector.json5")
        var config = CollectorConfig.read(
            reader ?? ConfigReader(.object([:]), file: "collector.json5"))
        if let retention { config.retention = retention }
        return config
    }
}
