import CollectorEvidence
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// The most bytes of texts and blobs in a database: the bound of whoever writes each, with some room. They go by the
/// names of columns, so that a new table is covered as well.
enum TextLengths {
    /// For names, words, notes (`AdminRequest.textBytesMax`) and cells (`CSV.cellBytesMax`), with what is written
    /// around them.
    package static let textBytesMax = 16 << 10
    /// For lists and sentences made of those: figures, citations, entries of the log (twenty rows of an import).
    static let listBytesMax = 1 << 20
    /// For JSON or base64url of what agents are given.
    static let orderBytesMax = 24 << 20

    package static func bytesMax(_ table: String, _ column: String) -> Int {
        switch (table, column) {
        case ("policy", "jws"), ("policy", "content"): orderBytesMax
        case ("lock_set", "jws"): Limits.lockSetBytesMax
        case ("lock_context", "content"): PackFile.context.bytesMax
        case ("summary", "jws"), ("refused_summary", "jws"): Limits.pushBytesMax
        case ("evidence_block", "archive"): EvidenceBlock.limits.archiveBytesMax
        case ("sketch", "text"), ("audit", "reason"), (_, "figures"), (_, "evidence"),
            ("state_file", "content"):
            listBytesMax
        case (_, "vi"), (_, "en"): 64 << 10
        default: textBytesMax
        }
    }

    package struct Finding {
        package let table: String
        package let column: String
        package let bytes: Int64
        package let bytesMax: Int

        package init(
            table: String, column: String, bytes: Int64, bytesMax: Int
        ) {
            self.table = table
            self.column = column
            self.bytes = bytes
            self.bytesMax = bytesMax
        }
    }

    /// Returns the first text that is longer, or nil. Reads every row.
    package static func problem(in db: SQLiteConnection) throws -> Finding? {
        let columns = try db.rows(
            """
            SELECT m.name, x.name FROM sqlite_schema m, pragma_table_xinfo(m.name) x
            WHERE m.type = 'table' AND x.type IN ('TEXT', 'BLOB') ORDER BY 1, x.cid
            """
        ) { (table: $0.text(0), column: $0.text(1)) }
        for (table, group) in Dictionary(grouping: columns, by: \.table).sorted(by: {
            $0.key < $1.key
        }) {
            let lengths = group.map { "length(CAST(\(quoted($0.column)) AS BLOB))" }
            let conditions = zip(group, lengths).map {
                "\($1) > \(bytesMax(table, $0.column))"
            }
            let found = try db.first(
                "SELECT \(lengths.joined(separator: ", ")) FROM \(quoted(table)) WHERE \(conditions.joined(separator: " OR ")) LIMIT 1"
            ) { row in
                zip(group, Int32(0)...).compactMap { column, place -> Finding? in
                    let (bytes, most) = (row.integer(place), bytesMax(table, column.column))
                    return bytes <= Int64(most)
                        ? nil
                        : Finding(
                            table: table, column: column.column, bytes: bytes, bytesMax: most)
                }.first
            }
            if let found, let finding = found { return finding }
        }
        return nil
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
