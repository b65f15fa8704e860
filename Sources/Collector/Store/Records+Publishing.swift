import Domain
import Platform
import Wire

/// Marks systems whose policies may have to be signed again. The mark is written in the transaction of the change, so
/// if the program crashes before the policy is signed, that is done after the next start.
extension Records {
    package struct PendingPolicy {
        package let system: SystemCode
        /// Differs if the system was changed again meanwhile.
        package let number: Int64
        /// The outcome of locks that the change shows to be wrong: `mistaken` if a number was corrected, nil if one was
        /// raised for a time.
        package let outcome: String?
    }

    /// Called when anything changes that the system's policy contains. The cost does not depend on the policy's size.
    package func markPolicy(_ system: SystemCode, outcome: String? = "mistaken") throws {
        try db.run(
            """
            INSERT INTO state (name, value) VALUES ('policy_mark', 1)
            ON CONFLICT DO UPDATE SET value = value + 1
            """)
        try db.run(
            """
            INSERT OR REPLACE INTO policy_pending (system, number, outcome)
            SELECT ?, value, ? FROM state WHERE name = 'policy_mark'
            """, .text(system.rawValue), .optional(outcome))
    }

    /// Called when anything changes that concerns all systems of a unit, such as its name or an emergency.
    func markPolicies(ofUnit unit: UnitCode, outcome: String? = "mistaken") throws {
        let systems = try db.rows("SELECT code FROM system WHERE unit = ?", .text(unit.rawValue)) {
            SystemCode(unchecked: $0.text(0))
        }
        for system in systems { try markPolicy(system, outcome: outcome) }
    }

    /// Returns the marks of one system, or of all (nil), the oldest mark first.
    package func pendingPolicies(_ system: SystemCode? = nil) throws -> [PendingPolicy] {
        try db.rows(
            """
            SELECT system, number, outcome FROM policy_pending WHERE ?1 IS NULL OR system = ?1
            ORDER BY number
            """, .optional(system?.rawValue)
        ) {
            PendingPolicy(
                system: SystemCode(unchecked: $0.text(0)), number: $0.integer(1),
                outcome: $0.textOrNil(2))
        }
    }

    /// Returns false if the system was marked anew meanwhile, or another caller was faster.
    package func clear(_ pending: PendingPolicy) throws -> Bool {
        try db.run(
            "DELETE FROM policy_pending WHERE system = ? AND number = ?",
            .text(pending.system.rawValue), .integer(pending.number)) > 0
    }

    /// Returns a digest of the configuration and keys that each system's policy was made from.
    package func policyGrounds() throws -> [SystemCode: String] {
        let rows = try db.rows("SELECT system, digest FROM policy_ground") {
            (SystemCode(unchecked: $0.text(0)), $0.text(1))
        }
        return Dictionary(rows, uniquingKeysWith: { $1 })
    }

    package func note(ground digest: String, _ system: SystemCode) throws {
        try db.run(
            "INSERT OR REPLACE INTO policy_ground (system, digest) VALUES (?, ?)",
            .text(system.rawValue), .text(digest))
    }

    /// Returns the systems without a lock set or a policy of this generation.
    package func unsignedSystems() throws -> [SystemCode] {
        try db.rows(
            """
            SELECT code FROM system WHERE NOT EXISTS (SELECT 1 FROM policy WHERE system = code)
            OR NOT EXISTS (SELECT 1 FROM lock_set WHERE audience = code)
            """
        ) { SystemCode(unchecked: $0.text(0)) }
    }
}
