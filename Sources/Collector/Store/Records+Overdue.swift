import CollectorValues
import Domain
import Platform

/// The queue of `Overdue`: first come, first served.
extension Records {
    /// Queues quotas. If one is waiting already, it keeps the highest breach that was reported, and takes the latest
    /// summary.
    package func keep(overdue all: some Sequence<Overdue>) throws {
        for one in all {
            try db.run(
                """
                INSERT INTO overdue (system, date, rule, subject, reported, agent, epoch, seq)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (system, date, rule, subject) DO UPDATE SET
                reported = MAX(reported, excluded.reported), agent = excluded.agent, epoch = excluded.epoch,
                seq = excluded.seq
                """, .text(one.key.system.rawValue),
                .integer(Int64(one.key.id.date.daysSinceEpoch)),
                .text(one.key.id.rule.rawValue), .text(one.key.id.subjectText),
                .integer(Int64(one.reported)), .text(one.source.agent.rawValue),
                .integer(one.source.epoch), .integer(one.source.seq))
        }
    }

    /// Takes off those that have waited longest. Rows that cannot be read as a quota are deleted and not returned.
    package func takeOverdue(countMax: Int) throws -> (due: [Overdue], isMore: Bool) {
        let rows = try db.rows(
            """
            SELECT number, system, date, rule, subject, reported, agent, epoch, seq FROM overdue
            ORDER BY number LIMIT ?
            """, .integer(Int64(countMax) + 1)
        ) { row -> (number: Int64, overdue: Overdue?) in
            let date = CalendarDate(daysSinceEpoch: Int(clamping: row.integer(2)))
            let id = RuleID(rawValue: row.text(3)).flatMap {
                Quota.ID($0, subjectText: row.text(4), date)
            }
            return (
                row.integer(0),
                id.map {
                    Overdue(
                        key: .init(system: SystemCode(unchecked: row.text(1)), id: $0),
                        reported: Int(clamping: row.integer(5)),
                        source: EvidenceReference(
                            agent: AgentID(unchecked: row.text(6)), epoch: row.integer(7),
                            seq: row.integer(8)))
                }
            )
        }
        let taken = rows.prefix(countMax)
        if let last = taken.last {
            try db.run("DELETE FROM overdue WHERE number <= ?", .integer(last.number))
        }
        return (taken.compactMap(\.overdue), rows.count > countMax)
    }
}
