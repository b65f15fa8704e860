/// SQL for the rows in force of lists that are kept by registration. It stands behind FROM as a table does.
enum Registered {
    /// The value of `ended` in a row that no registration has ended: the largest number that our databases hold.
    static let never: Int64 = 1 << 53 - 1

    package static let account = inForce("account")
    package static let service = inForce("service")
    package static let notice = inForce("notice")

    /// Keeps SQLite from choosing an index by `since` and `ended`: names are looked up by the primary key.
    package static func inForce(_ table: String) -> String {
        """
        (SELECT * FROM registered_\(table) WHERE +since <= (SELECT value FROM state WHERE name = 'registration')
        AND +ended > (SELECT value FROM state WHERE name = 'registration'))
        """
    }
}
