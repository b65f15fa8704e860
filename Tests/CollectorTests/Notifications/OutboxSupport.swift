import Domain
import Platform
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorStore
@testable import CollectorValues

/// A database in memory and a clock that stands still, for tests of the outbox.
struct Outbox {
    let records: Records
    let now = Timestamp("2026-11-24T08:00:00+07:00")!
    let hook = ChannelName(.webhook, key: "a")

    init() throws {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        records = Records(db: db)
    }

    func later(_ seconds: Int64) -> Timestamp { now.advanced(byMilliseconds: seconds * 1000) }

    func finding(
        _ rule: RuleID = .r1, _ kind: String = "breach",
        scope: String = "account=canbo1@H26.motcua",
        key: String = "2026-11-24", confidence: Double = 1, count: Int64 = 41
    ) -> Finding {
        Finding(
            rule: rule, kind: kind, scope: scope, key: key, from: now, at: now,
            confidence: confidence,
            message: Localized(vi: "Tài khoản vượt mức: \(count)", en: "Account passed: \(count)"),
            figures: ["count": .integer(count)], evidence: [])
    }

    func lock(_ number: Int64, _ state: LockState, reason: String = "R1") -> LockRecord {
        LockRecord(
            number: number, id: "L-2026-00000\(number)", scope: Scope("system=H26.motcua")!,
            reason: reason, note: "ghi chú riêng", basis: "",
            message: Localized(vi: "Bị khóa.", en: "Locked."), state: state,
            issuedBy: "uid 0 root", issuedAt: now)
    }

    /// All that is in the outbox, oldest first.
    func all() throws -> [Notification] {
        try records.db.rows(
            "SELECT \(Records.notificationColumns) FROM notification n ORDER BY n.number",
            read: records.readNotification)
    }

    /// Many alerts of one rule.
    func add(_ count: Int, _ rule: RuleID, from first: Int = 0) throws {
        for i in first..<first + count {
            try records.add(finding(rule, "account", scope: "system=H26.s\(i)"))
        }
    }

    /// Sends all that is due and returns it.
    func drain(_ channel: ChannelName, _ least: Severity = .info, at time: Timestamp) throws
        -> [Letter]
    {
        var letters: [Letter] = []
        try records.take(channel, minSeverity: least)
        while let letter = try records.nextLetter(channel, at: time) {
            letters.append(letter)
            try records.markSent(letter, channel, at: time)
        }
        return letters
    }
}
