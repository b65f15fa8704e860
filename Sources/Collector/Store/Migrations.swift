import Platform

/// Brings a database of an earlier program to the present schema, one step a version. What only adds tables needs no
/// step: `Schema.sql` makes what is missing.
package enum Migrations {
    /// Databases of before have no version and were never released.
    package static let oldest: Int64 = 2

    /// From the version before to the one named.
    package static let steps: [Int64: [String]] = [
        // Keys of the day and sketches: tables alone.
        3: [],
        // Totals in three tables instead of one (`Records.adoptOldUsage` fills them), evidence in blocks, pins, the
        // generation in a table of its own: tables alone.
        4: [],
        // One statement a topic; the tables themselves are made by `Schema.sql`.
        5: [Schema.registrationStep, Schema.contentStep, Schema.pinStep],
    ]

    /// Inside the transaction that opens the database.
    package static func run(_ connection: SQLiteConnection, from version: Int64, _ path: String)
        throws
    {
        guard (oldest...Schema.version).contains(version) else {
            let advice =
                version > Schema.version
                ? "it was written by a newer program: install that one, or restore an older backup"
                : "it is older than anything that was released: make a new one with chot-collector init"
            throw CommandFailure(
                .badConfig,
                "\(path): has schema \(version), this program knows \(oldest) to \(Schema.version); \(advice)",
                vi:
                    "\(path): lược đồ \(version), chương trình này dùng \(oldest) đến \(Schema.version); "
                    + (version > Schema.version
                        ? "hãy cài bản mới hơn hoặc khôi phục bản sao lưu cũ hơn"
                        : "hãy tạo mới bằng chot-collector init"))
        }
        for step in version + 1..<max(version, Schema.version) + 1 {
            for sql in steps[step] ?? [] { try connection.execute(sql) }
        }
    }
}
