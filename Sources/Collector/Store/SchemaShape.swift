import CollectorValues
import Domain
import Platform

/// What a database consists of, regardless of spelling and of the order of columns (a migration adds a column at the
/// end).
package struct SchemaShape: Equatable {
    /// Properties of each object, by kind and name: `table unit`, `index lock_state`.
    private(set) var objects: [String: Set<String>] = [:]

    /// The shape that `Schema.sql` makes.
    package static func expected() throws -> SchemaShape {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        return try SchemaShape(of: db)
    }

    /// Call this only for a database without acting objects (`actingObjects`).
    package init(of db: SQLiteConnection) throws {
        try db.forEach("SELECT type, name, tbl_name, sql FROM sqlite_schema", values: []) {
            let (type, name, sql) = ($0.text(0), $0.text(1), $0.text(3))
            // The planner's statistics change no answer.
            guard !name.hasPrefix("sqlite_stat") else { return }
            objects["\(type) \(name)"] =
                type == "table"
                ? Set(Self.clauses(sql).map { "clause \($0)" })
                : ["on \($0.text(2))", sql.filter { !$0.isWhitespace }]
        }
        try add(
            db, "table",
            """
            SELECT m.name, 'column', x.name, x.type, x."notnull", COALESCE(x.dflt_value, '-'), x.pk, x.hidden
            FROM sqlite_schema m, pragma_table_xinfo(m.name) x WHERE m.type = 'table'
            """)
        try add(
            db, "table",
            "SELECT name, 'form', type, wr, strict, '', '', '' FROM pragma_table_list WHERE schema = 'main'"
        )
        try add(
            db, "table",
            """
            SELECT m.name, 'reference', x."table", x."from", COALESCE(x."to", '-'), x.on_update, x.on_delete, x.seq
            FROM sqlite_schema m, pragma_foreign_key_list(m.name) x WHERE m.type = 'table'
            """)
        try add(
            db, "index",
            """
            SELECT l.name, 'kind', l."unique", l.origin, l.partial, '', '', ''
            FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table'
            """)
        try add(
            db, "index",
            """
            SELECT m.name, 'key', x.seqno, COALESCE(x.name, '-'), x."desc", x.coll, x.key, ''
            FROM sqlite_schema m, pragma_index_xinfo(m.name) x WHERE m.type = 'index' AND x.key = 1
            """)
    }

    private mutating func add(_ db: SQLiteConnection, _ type: String, _ sql: String) throws {
        try db.forEach(sql, values: []) { row in
            let key = "\(type) \(row.text(0))"
            guard objects[key] != nil else { return }
            objects[key]?.insert((1..<8).map { row.text($0) }.joined(separator: " "))
        }
    }

    /// Returns the clauses that the pragmas above do not tell of, each as often as it occurs.
    private static func clauses(_ sql: String) -> [String] {
        let words = sql.uppercased().split { !($0.isLetter || $0 == "_") }.map(String.init)
        return ["CHECK", "COLLATE", "GENERATED", "AS", "CONFLICT", "AUTOINCREMENT", "DEFERRABLE"]
            .map { word in "\(word) \(words.count { $0 == word })" }
    }

    /// Returns the differences from what a collector makes, by name. Objects in `also` may be there or not.
    package func differences(from expected: SchemaShape, also: Set<String> = []) -> [Difference] {
        objects.keys.filter { expected.objects[$0] == nil && !also.contains($0) }.sorted()
            .map { Difference(name: $0, kind: .unknown) }
            + expected.objects.keys.sorted().compactMap { name in
                guard let object = objects[name] else {
                    return Difference(name: name, kind: .missing)
                }
                return object == expected.objects[name]
                    ? nil : Difference(name: name, kind: .changed)
            }
    }

    package struct Difference: Hashable {
        package enum Kind { case unknown, missing, changed }
        package let name: String
        package let kind: Kind

        package var en: String {
            switch kind {
            case .unknown: "\(shown(name)) is none of ours"
            case .missing: "\(name) is missing"
            case .changed: "\(name) is not as it was made"
            }
        }
        package var vi: String {
            switch kind {
            case .unknown: "\(shown(name)) không phải của chương trình"
            case .missing: "thiếu \(name)"
            case .changed: "\(name) không như khi được tạo"
            }
        }
    }
}
