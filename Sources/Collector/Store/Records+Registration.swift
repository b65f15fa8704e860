import CollectorValues
import Domain
import Platform

/// Registrations: rows are staged beside those in force, then all come into force at one moment.
extension Records {
    /// The registration that is in force.
    package func registration() throws -> Int64 {
        try db.first("SELECT value FROM state WHERE name = 'registration'") { $0.integer(0) } ?? 0
    }

    /// Returns a row that is in force, or nil.
    package func registered(_ kind: RegistryKind, _ key: [StoredValue]) throws -> [StoredValue]? {
        try db.first(
            "SELECT \(kind.valueList) FROM \(kind.inForce) WHERE \(kind.keyMatch)", values: key
        ) { row in kind.read(row, kind.valueColumns, from: 0) }
    }

    /// Goes through the rows in force of a system, or of all systems (nil).
    package func eachRegistered(
        _ kind: RegistryKind, _ system: SystemCode?,
        _ body: (_ key: [StoredValue], _ values: [StoredValue]) throws -> Void
    ) throws {
        let place = system == nil ? "" : " WHERE \(kind.keyColumns[0]) = ?"
        try db.forEach(
            "SELECT \(kind.keyList), \(kind.valueList) FROM \(kind.inForce)\(place)",
            values: system.map { [.text($0.rawValue)] } ?? []
        ) { row in
            try body(
                kind.read(row, kind.keyColumns, from: 0),
                kind.read(row, kind.valueColumns, from: kind.keyColumns.count))
        }
    }

    /// Returns the registration that was in force at a time; 0 if there was none yet.
    package func registration(at time: Timestamp) throws -> Int64 {
        try db.first(
            "SELECT MAX(id) FROM registration WHERE state = 'current' AND current_at <= ?",
            time.value
        ) { $0.integer(0) } ?? 0
    }

    /// Goes through the rows of a system that were in force at some time since a registration, and tells whether they
    /// were in force at that registration and whether they are now.
    package func eachRegistered(
        _ kind: RegistryKind, _ system: SystemCode, since: Int64,
        _ body: (
            _ key: [StoredValue], _ values: [StoredValue], _ isOld: Bool, _ isInForce: Bool
        ) throws -> Void
    ) throws {
        let current = try registration()
        try db.forEach(
            """
            SELECT \(kind.keyList), \(kind.valueList), since, ended FROM registered_\(kind.table)
            WHERE \(kind.keyColumns[0]) = ? AND +since <= ? AND +ended > ?
            """,
            values: [.text(system.rawValue), .integer(current), .integer(min(since, current))]
        ) { row in
            let values = kind.keyColumns.count
            let span = Int32(values + kind.valueColumns.count)
            try body(
                kind.read(row, kind.keyColumns, from: 0),
                kind.read(row, kind.valueColumns, from: values),
                row.integer(span) <= since, row.integer(span + 1) > current)
        }
    }

    /// Counts the units or systems that imports removed since a time.
    package func removed(_ kind: RegistryKind, since time: Timestamp) throws -> Int {
        let rows = try db.rows(
            "SELECT removed FROM registration WHERE kind = ? AND state = 'current' AND current_at > ?",
            .text(kind.rawValue), time.value
        ) { $0.integer(0) }
        return Int(clamping: min(rows.saturatingSum, 1 << 31))
    }

    /// Returns the number of the new registration. It is higher than any before, whatever became of those.
    package func beginRegistration(_ plan: RegistryPlan, by who: String, at now: Timestamp) throws
        -> Int64
    {
        try db.run(
            """
            INSERT INTO registration (kind, file, sha256, who, staged_at, state, rows, added, changed, removed)
            VALUES (?, ?, ?, ?, ?, 'staged', ?, ?, ?, ?)
            """, .text(plan.kind.rawValue), .text(plan.file), .text(plan.sha256), .text(who),
            now.value, .integer(Int64(plan.outcome.rows)), .integer(Int64(plan.outcome.added)),
            .integer(Int64(plan.outcome.changed)), .integer(Int64(plan.outcome.removed)))
        return try db.first("SELECT MAX(id) FROM registration") { $0.integer(0) } ?? 0
    }

    /// Writes one row beside those in force. It stays invisible until `makeCurrent`.
    package func stage(_ change: RegistryChange, _ kind: RegistryKind, _ registration: Int64) throws
    {
        switch change {
        case .added(let row): try insert(row, kind, registration)
        case .changed(let row, _):
            try end(row.key, kind, registration)
            try insert(row, kind, registration)
        case .removed(let key, _): try end(key, kind, registration)
        }
    }

    private func end(_ key: [StoredValue], _ kind: RegistryKind, _ registration: Int64) throws {
        try db.run(
            """
            UPDATE registered_\(kind.table) SET ended = ? WHERE \(kind.keyMatch) AND ended = \(Registered.never)
            """, values: [.integer(registration)] + key)
    }

    private func insert(_ row: RegistryRow, _ kind: RegistryKind, _ registration: Int64) throws {
        var columns = kind.keyColumns + kind.valueColumns + ["since"]
        var values = row.key + row.values + [.integer(registration)]
        if kind == .accounts {
            columns.append("person")
            let isPerson = row.values[kind.place(of: "kind")].asText == "person"
            let cccd = row.values[kind.place(of: "cccd")].asText
            values.append(.optional(isPerson ? try person(cccd: cccd) : nil))
        }
        try db.run(
            """
            INSERT INTO registered_\(kind.table) (\(columns.joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
            """, values: values)
    }

    /// Brings all rows of a registration into force at one moment, at a cost that does not depend on their number. The
    /// policies of the places it touches are signed again next.
    package func makeCurrent(
        _ registration: Int64, touching places: RegistryPlan.Places, at now: Timestamp
    )
        throws
    {
        remembered?.forgetRegistered()
        for unit in places.units { try markPolicies(ofUnit: unit) }
        for system in places.systems { try markPolicy(system) }
        try db.run(
            "UPDATE registration SET state = 'current', current_at = ? WHERE id = ?", now.value,
            .integer(registration))
        try db.run(
            "UPDATE state SET value = ? WHERE name = 'registration'", .integer(registration))
    }

    /// Changes units and systems in place, because they are few.
    package func apply(_ change: RegistryChange, _ kind: RegistryKind) throws {
        remembered?.forgetRegistered()
        switch change {
        case .added(let row):
            let columns = kind.keyColumns + kind.valueColumns
            try db.run(
                """
                INSERT INTO \(kind.table) (\(columns.joined(separator: ", ")))
                VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
                """, values: row.key + row.values)
        case .changed(let row, _):
            let values = kind.valueColumns.map { "\($0) = ?" }.joined(separator: ", ")
            try db.run(
                "UPDATE \(kind.table) SET \(values) WHERE \(kind.keyMatch)",
                values: row.values + row.key)
        case .removed(let key, _):
            try db.run("DELETE FROM \(kind.table) WHERE \(kind.keyMatch)", values: key)
        }
    }

    /// Deletes at most `limit` staged rows that never came into force, and returns how many.
    package func clearStaged(limit: Int) throws -> Int {
        let current = SQLiteValue.integer(try registration())
        var cleared = 0
        for table in RegistryKind.allCases.filter(\.hasRegistrations).map(\.table)
        where cleared < limit {
            let left = SQLiteValue.integer(Int64(limit - cleared))
            cleared += try db.run(
                """
                DELETE FROM registered_\(table) WHERE rowid IN (SELECT rowid FROM registered_\(table)
                WHERE since > ? AND since > 0 LIMIT ?)
                """, current, left)
            guard cleared < limit else { break }
            cleared += try db.run(
                """
                UPDATE registered_\(table) SET ended = \(Registered.never) WHERE rowid IN (
                SELECT rowid FROM registered_\(table) WHERE ended > ? AND ended < \(Registered.never) LIMIT ?)
                """, current, .integer(Int64(limit - cleared)))
        }
        if cleared == 0 {
            try db.run("UPDATE registration SET state = 'abandoned' WHERE state = 'staged'")
        }
        return cleared
    }

    /// The key by which the audit log hashes personal values. It is made when first needed and never leaves the
    /// collector.
    package func personalKey() throws -> [UInt8] {
        let name = SQLiteValue.text("audit/personal")
        if let key = try db.first(
            "SELECT value FROM secret WHERE name = ?", name, read: { $0.blob(0) })
        {
            return key
        }
        let key = try randomBytes(32)
        try db.run("INSERT INTO secret (name, value) VALUES (?, ?)", name, .blob(key))
        return key
    }
}
