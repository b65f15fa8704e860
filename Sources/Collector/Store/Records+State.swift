import Domain
import Platform

/// The generation, and what a restored collector knows of the lock sets that its agents hold.
extension Records {
    /// The generation of every version that is signed now. A restore raises it.
    package func generation() throws -> Int64 {
        try db.first("SELECT value FROM state WHERE name = 'generation'") { $0.integer(0) } ?? 1
    }

    /// Returns, by audience, the newest set of a former generation that is known here. Empty if there was no restore.
    package func formerSets() throws -> [Audience: Version] {
        let rows = try db.rows("SELECT audience, generation, counter FROM former_set") { row in
            Audience(row.text(0)).map {
                ($0, Version(generation: row.integer(1), counter: row.integer(2)))
            }
        }
        return Dictionary(rows.compactMap { $0 }, uniquingKeysWith: { $1 })
    }

    package func noteFormerSet(_ audience: Audience, _ version: Version) throws {
        try db.run(
            "INSERT OR REPLACE INTO former_set (audience, generation, counter) VALUES (?, ?, ?)",
            .text(audience.description), .integer(version.generation), .integer(version.counter))
    }

    /// Starts a new generation in a restored database; its sets and policies are still to be signed. Returns the number
    /// of audiences whose sets were known.
    package func beginGeneration(_ generation: Int64) throws -> Int64 {
        let former = try self.generation()
        try db.run(
            """
            INSERT OR REPLACE INTO former_set (audience, generation, counter)
            SELECT audience, ?, counter FROM lock_set
            """, .integer(former))
        let count = try db.first("SELECT COUNT(*) FROM lock_set") { $0.integer(0) } ?? 0
        try db.run("DELETE FROM lock_set")
        try db.run("DELETE FROM policy")
        try db.run("UPDATE state SET value = ? WHERE name = 'generation'", .integer(generation))
        return count
    }
}
