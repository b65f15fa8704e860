import CollectorValues
import Domain
import Platform
import Wire

extension Records {
    package func system(_ code: SystemCode) throws -> SystemRecord? { try systems(code).first }

    package func systems(_ code: SystemCode? = nil) throws -> [SystemRecord] {
        try db.rows(
            """
            SELECT s.code, s.name, s.unit, u.name, s.mode FROM system s JOIN unit u ON u.code = s.unit
            WHERE ?1 IS NULL OR s.code = ?1 ORDER BY s.code
            """, .optional(code?.rawValue)
        ) {
            SystemRecord(
                code: SystemCode(unchecked: $0.text(0)), name: $0.text(1),
                unit: UnitCode(unchecked: $0.text(2)), unitName: $0.text(3),
                mode: Policy.Mode(rawValue: $0.text(4)) ?? .observe)
        }
    }

    package func systemCount() throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM system") { $0.integer(0) } ?? 0
    }

    package func unitName(_ code: UnitCode) throws -> String? {
        try db.first("SELECT name FROM unit WHERE code = ?", .text(code.rawValue)) { $0.text(0) }
    }

    package func account(_ login: Login, _ system: SystemCode) throws -> AccountRecord? {
        let name = Account(login, system)
        if let known = remembered?.accounts[name] { return known }
        let found = try db.first(
            """
            SELECT per_day, kind, person, EXISTS (SELECT 1 FROM \(Registered.account) b WHERE b.person = a.person
            AND (b.system <> a.system OR b.login <> a.login)) FROM \(Registered.account) a
            WHERE system = ? AND login = ?
            """, .text(system.rawValue), .text(login.rawValue)
        ) {
            AccountRecord(
                login: login, perDay: $0.integer(0),
                kind: .init(rawValue: $0.text(1)) ?? .person, person: $0.textOrNil(2),
                isOneOfSeveral: $0.integer(3) != 0)
        }
        remembered?.keep(found, name)
        return found
    }

    package func accounts(ofPerson person: String) throws -> [Account] {
        try db.rows(
            "SELECT login, system FROM \(Registered.account) WHERE person = ?", .text(person)
        ) {
            Account(Login(unchecked: $0.text(0)), SystemCode(unchecked: $0.text(1)))
        }
    }

    package func setMode(_ system: SystemCode, _ mode: Policy.Mode) throws {
        try markPolicy(system)
        try db.run(
            "UPDATE system SET mode = ? WHERE code = ?", .text(mode.rawValue),
            .text(system.rawValue))
    }

    /// Returns the opaque id of the person with this CCCD, and makes one on first sight; nil if the CCCD is empty.
    package func person(cccd: String) throws -> String? {
        if cccd.isEmpty { return nil }
        if let id = try db.first(
            "SELECT id FROM person WHERE cccd = ?", .text(cccd), read: { $0.text(0) })
        {
            return id
        }
        let id =
            "p"
            + Base64URL.encode(try randomBytes(9)).replacing("-", with: "x").replacing(
                "_", with: "y")
        try db.run("INSERT INTO person (cccd, id) VALUES (?, ?)", .text(cccd), .text(id))
        return id
    }

    /// Returns the sum of a system's registered off-hours volumes, for the cap of 1,000 (docs/domain.md#l12).
    package func offVolumes(_ system: String) throws -> Int64 {
        try db.first(
            "SELECT COALESCE(SUM(off_per_day), 0) FROM \(Registered.service) WHERE system = ?",
            .text(system)
        ) {
            $0.integer(0)
        } ?? 0
    }

    /// Returns the rows of a table as text, for `registry list`. The caller masks personal columns.
    package func listing(_ table: String, columns: [String]) throws -> [[String]] {
        try db.rows(
            "SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY 1, 2", values: []
        ) { row in
            columns.indices.map { row.text(Int32($0)) }
        }
    }

    /// Returns which policy of each system was signed last.
    package func policyCounters() throws -> [(system: SystemCode, counter: Int64)] {
        try db.rows("SELECT system, counter FROM policy") {
            (SystemCode(unchecked: $0.text(0)), $0.integer(1))
        }
    }

    /// Returns the policy that was signed last, or nil.
    package func storedPolicy(_ system: SystemCode) throws -> (
        counter: Int64, content: String, jws: String
    )? {
        try db.first(
            "SELECT counter, content, jws FROM policy WHERE system = ?", .text(system.rawValue)
        ) {
            ($0.integer(0), $0.text(1), $0.text(2))
        }
    }

    package func storePolicy(
        _ system: SystemCode, counter: Int64, content: String, jws: String, at now: Timestamp
    ) throws {
        try notePolicy(
            system,
            .init(
                version: Version(generation: try generation(), counter: counter), issuedAt: now,
                digest: JWS.digest(jws)))
        try db.run(
            "INSERT OR REPLACE INTO policy (system, counter, content, jws) VALUES (?, ?, ?, ?)",
            .text(system.rawValue), .integer(counter), .text(content), .text(jws))
    }
}
