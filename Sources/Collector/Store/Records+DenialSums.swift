import Domain
import Platform

/// The refusals of one day for one reason, over all names.
package struct DenialSum: Hashable {
    package var count: Int64
    /// How many accounts (or services) the refusals name.
    package var names: Int64
    /// The name with the most refusals, and its count.
    package var most: String
    package var mostCount: Int64
}

/// The sums that R8 and R9 are judged by. Each summary adds to them; they are never computed anew.
extension Records {
    /// The reasons that are summed: true means by service, false by login.
    private static let summed: [String: Bool] = [
        "R8.account": false, "R8.service": true, "R8.off": true, "R9.account": false,
        "R9.ip": false,
    ]
    /// A sum stops growing here.
    private static let countMax: Int64 = 1 << 53 - 1

    struct DenialKey: Hashable {
        package let day: Int64
        package let reason: String
    }

    /// Collects the refusals of one row.
    static func collect(
        _ row: SummaryRow, opening: Int, _ sums: inout [DenialKey: [ExactText: Int64]]
    ) {
        for (reason, count) in row.denied where count > 0 {
            guard let isByService = summed[reason] else { continue }
            let date = row.hour.hourOfDay < opening ? row.hour.date.previous : row.hour.date
            let name = ExactText(isByService ? row.service.rawValue : row.login.rawValue)
            let key = DenialKey(day: Int64(date.daysSinceEpoch), reason: reason)
            let former = sums[key]?[name] ?? 0
            sums[key, default: [:]][name] = former.adding(count)
        }
    }

    func addDenialSums(_ sums: [DenialKey: [ExactText: Int64]], _ system: SystemCode) throws {
        for (key, names) in sums {
            let shared: [SQLiteValue] = [
                .text(system.rawValue), .integer(key.day), .text(key.reason),
            ]
            var added = DenialSum(count: 0, names: 0, most: Login.folded.rawValue, mostCount: 0)
            for (exact, count) in names {
                let name = exact.text
                let total =
                    try db.first(
                        """
                        INSERT INTO denial_name (system, day, reason, name, count) VALUES (?, ?, ?, ?, ?)
                        ON CONFLICT DO UPDATE SET
                        count = min(count, \(Self.countMax) - excluded.count) + excluded.count
                        RETURNING count
                        """, values: shared + [.text(name), .integer(count)]
                    ) { $0.integer(0) } ?? count
                added.count = added.count.adding(count)
                // Every count is at least 1, so a name that was there before now has more than was added.
                if total == count { added.names += 1 }
                guard name != Login.folded.rawValue else { continue }
                if (total, added.most) > (added.mostCount, name) {
                    (added.most, added.mostCount) = (name, total)
                }
            }
            try db.run(
                """
                INSERT INTO denial_sum (system, day, reason, count, names, most, most_count)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                count = min(count, \(Self.countMax) - excluded.count) + excluded.count,
                \(NumberRanges.adding("names", "excluded.names")),
                most = CASE WHEN (excluded.most_count, most) > (most_count, excluded.most)
                THEN excluded.most ELSE most END, most_count = max(most_count, excluded.most_count)
                """,
                values: shared + [
                    .integer(added.count), .integer(added.names), .text(added.most),
                    .integer(added.mostCount),
                ])
        }
    }

    package func denialSum(_ system: SystemCode, _ day: CalendarDate, reason: String) throws
        -> DenialSum?
    {
        try db.first(
            """
            SELECT count, names, most, most_count FROM denial_sum
            WHERE system = ? AND day = ? AND reason = ?
            """, .text(system.rawValue), .integer(Int64(day.daysSinceEpoch)), .text(reason)
        ) {
            DenialSum(
                count: $0.integer(0), names: $0.integer(1), most: $0.text(2),
                mostCount: $0.integer(3))
        }
    }

    /// Sums, once, the refusals that were stored before there were such sums. `opening` returns the hour at which a
    /// system's office opens.
    package func adoptOldDenials(opening: (SystemCode) -> Int) throws {
        let isDone = try db.first("SELECT 1 FROM state WHERE name = 'denial_sums'") { _ in true }
        guard isDone == nil else { return }
        let reasons = Self.summed.keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
        let byService = Self.summed.filter(\.value).keys.sorted().map { "'\($0)'" }
            .joined(separator: ", ")
        let systems = try db.rows("SELECT DISTINCT system FROM denial") {
            SystemCode(unchecked: $0.text(0))
        }
        for system in systems {
            let shift = Int64(7 - opening(system)) * Timestamp.millisecondsPerHour
            try db.run(
                """
                INSERT OR REPLACE INTO denial_name (system, day, reason, name, count)
                SELECT system, (hour + ?2) / \(Timestamp.millisecondsPerDay), reason,
                CASE WHEN reason IN (\(byService)) THEN service ELSE login END, SUM(count)
                FROM denial WHERE system = ?1 AND reason IN (\(reasons)) AND count > 0 GROUP BY 2, 3, 4
                """, .text(system.rawValue), .integer(shift))
        }
        try db.execute(
            """
            INSERT OR REPLACE INTO denial_sum (system, day, reason, count, names, most, most_count)
            SELECT system, day, reason, SUM(count), COUNT(*), name,
            MAX(CASE WHEN name = '*other' THEN 0 ELSE count END)
            FROM denial_name GROUP BY system, day, reason;
            INSERT OR REPLACE INTO state (name, value) VALUES ('denial_sums', 1);
            """)
    }

    /// Deletes at most `countMax` sums of days before a date, and returns how many.
    package func pruneDenialSums(before day: CalendarDate, countMax: Int) throws -> Int {
        let before = SQLiteValue.integer(Int64(day.daysSinceEpoch))
        return try db.run(
            """
            DELETE FROM denial_name WHERE (system, day, reason, name) IN (
            SELECT d.system, d.day, d.reason, d.name FROM system s CROSS JOIN denial_name d
            WHERE d.system = s.code AND d.day < ? LIMIT ?)
            """, before, .integer(Int64(countMax)))
            + db.run(
                """
                DELETE FROM denial_sum WHERE (system, day, reason) IN (
                SELECT d.system, d.day, d.reason FROM system s CROSS JOIN denial_sum d
                WHERE d.system = s.code AND d.day < ?1 AND NOT EXISTS (SELECT 1 FROM denial_name n
                WHERE n.system = d.system AND n.day = d.day AND n.reason = d.reason) LIMIT ?2)
                """, before, .integer(Int64(countMax)))
    }
}
