/// What is in force of the lists that are kept with their registrations, to stand behind FROM as a table does.
enum Registered {
    /// In `ended`: no registration has ended the row. The largest number that a database of ours may hold.
    static let never: Int64 = 1 << 53 - 1

    package static let account = inForce("account")
    package static let service = inForce("service")
    package static let notice = inForce("notice")

    /// No index is chosen by `since` and `ended`: names are looked up by the primary key.
    package static func inForce(_ table: String) -> String {
        """
        (SELECT * FROM registered_\(table) WHERE +since <= (SELECT value FROM state WHERE name = 'registration')
        AND +ended > (SELECT value FROM state WHERE name = 'registration'))
        """
    }
}
