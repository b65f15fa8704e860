import Platform

/// Brings a database of an earlier program to the present schema, with one step a version. A version that only adds
/// tables needs no statements, because `Schema.sql` makes the missing tables.
package enum Migrations {
    /// Earlier databases have no version and were never released.
    package static let oldest: Int64 = 2

    /// The statements that lead from the version before to the named one.
    package static let steps: [Int64: [String]] = [
        // Keys of the day and sketches: only new tables.
        3: [],
        // Totals in three tables instead of one (`Records.adoptOldUsage` fills them), evidence in blocks, pins, the
        // generation in a table of its own: only new tables.
        4: [],
        // One statement a topic; `Schema.sql` makes the tables themselves.
        5: [Schema.registrationStep, Schema.contentStep, Schema.pinStep],
    ]

    /// Must be called inside the transaction that opens the database. Throws if `version` is older than `oldest`, or
    /// newer than the program.
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
