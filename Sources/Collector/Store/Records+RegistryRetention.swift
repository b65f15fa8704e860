import CollectorValues
import Domain
import Platform

/// Deletes what registrations ended, and persons whom nothing names any more, in short steps that can be repeated.
extension Records {
    /// Deletes at most `countMax` rows that a registration ended before a time, or that imports left which never came
    /// into force (call `RegistryStaging.clear` first). Returns how many. Rows in force stay, and so do the
    /// registrations themselves: file, digest, and who imported it.
    package func pruneEnded(before time: Timestamp, countMax: Int) throws -> Int {
        let last = try registration(at: time)
        guard last > 0 else { return 0 }
        var pruned = 0
        for table in RegistryKind.allCases.filter(\.hasRegistrations).map(\.table)
        where pruned < countMax {
            pruned += try db.run(
                """
                DELETE FROM registered_\(table) WHERE rowid IN (SELECT rowid FROM registered_\(table)
                WHERE ended <= ? AND ended < \(Registered.never) LIMIT ?)
                """, .integer(last), .integer(Int64(countMax - pruned)))
        }
        return pruned
    }

    package func pruneAbandoned(before time: Timestamp, countMax: Int) throws -> Int {
        try db.run(
            """
            DELETE FROM registration WHERE id IN (SELECT id FROM registration
            WHERE state = 'abandoned' AND staged_at < ? ORDER BY id LIMIT ?)
            AND id < (SELECT MAX(id) FROM registration)
            """, time.value, .integer(Int64(countMax)))
    }

    /// Counts the imports that never came into force. Each may have left persons whom nothing names.
    package func registrationsLeft() throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM registration WHERE state = 'abandoned'") {
            $0.integer(0)
        } ?? 0
    }

    /// A page of a walk through all persons; `last` is the row after which the next page begins.
    package struct PersonPage {
        package let last: Int64
        /// Persons whom no row of the lists names, whether ended or not.
        package let unnamed: [String]
    }

    /// Returns the next page of persons by row; nil if there are no more.
    package func persons(after row: Int64, countMax: Int) throws -> PersonPage? {
        let found = try db.rows(
            """
            SELECT p.rowid, p.id, EXISTS (SELECT 1 FROM registered_account a WHERE a.person = p.id)
            FROM person p WHERE p.rowid > ? ORDER BY p.rowid LIMIT ?
            """, .integer(row), .integer(Int64(countMax))
        ) { ($0.integer(0), $0.text(1), $0.integer(2) != 0) }
        guard let last = found.last?.0 else { return nil }
        return PersonPage(last: last, unnamed: found.filter { !$0.2 }.map(\.1))
    }

    /// Whether records still name the person: recent activity, or a lock or alert on all of their accounts.
    package func isTold(ofPerson id: String, since time: Timestamp) throws -> Bool {
        let scope = Scope.person(id).description
        return try db.first(
            """
            SELECT EXISTS (SELECT 1 FROM activity WHERE person = ?1 AND last_ms >= ?2)
            OR EXISTS (SELECT 1 FROM lock WHERE scope = ?3) OR EXISTS (SELECT 1 FROM alert WHERE scope = ?3)
            """, .text(id), time.value, .text(scope)
        ) { $0.integer(0) != 0 } ?? true
    }

    /// Deletes those of the persons whom no row of the lists names.
    package func forget(persons ids: [String]) throws -> Int {
        try ids.reduce(0) { count, id in
            try count
                + db.run(
                    """
                    DELETE FROM person WHERE id = ?1
                    AND NOT EXISTS (SELECT 1 FROM registered_account WHERE person = ?1)
                    """, .text(id))
        }
    }
}
