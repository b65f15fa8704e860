import Platform
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

extension StaffTable {
    /// Sets one column after the other to `value` in all rows, calls `body` with its name, and puts the rows back; columns
    /// that take no such value, or of which it is nil, are left out. How many there were.
    func eachColumn(
        _ type: String, _ value: (_ table: String, _ column: String) -> SQLiteValue?,
        body: (String) throws -> Void
    ) throws -> Int {
        let columns = try rig.server.store.read { records in
            try records.db.rows(
                """
                SELECT m.name, x.name FROM sqlite_schema m, pragma_table_xinfo(m.name) x
                WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND x.type = ?
                """, .text(type)
            ) { (table: $0.text(0), column: $0.text(1)) }
        }
        try keep()
        var tried = 0
        for (name, column) in columns {
            guard let value = value(name, column) else { continue }
            let isChanged =
                (try? rig.server.store.write { records in
                    try records.db.run(
                        "UPDATE OR IGNORE \"\(name)\" SET \"\(column)\" = ?", value)
                }) ?? 0 > 0
            guard isChanged else { continue }
            tried += 1
            try body("\(name).\(column)")
            try putBack()
        }
        return tried
    }

    private func tables(_ records: Records) throws -> [String] {
        try records.db.rows(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'kept!_%' ESCAPE '!'"
        ) { $0.text(0) }
    }

    private func keep() throws {
        try rig.server.store.write { records in
            for name in try tables(records) {
                try records.db.execute("CREATE TABLE \"kept_\(name)\" AS SELECT * FROM \"\(name)\"")
            }
        }
    }

    private func putBack() throws {
        try rig.server.store.write { records in
            try records.db.execute("PRAGMA defer_foreign_keys = ON")
            let names = try tables(records)
            for name in names.reversed() { try records.db.execute("DELETE FROM \"\(name)\"") }
            for name in names {
                try records.db.execute("INSERT INTO \"\(name)\" SELECT * FROM \"kept_\(name)\"")
            }
        }
    }
}
