import Domain

/// A quota that was passed, or was reported as passed, and is still to be judged. It is kept in the transaction that
/// counted it (`Records.keep(overdue:)`), so that a crash loses none.
package struct Overdue {
    package struct Key: Hashable {
        package let system: SystemCode
        package let id: Quota.ID

        package init(
            system: SystemCode, id: Quota.ID
        ) {
            self.system = system
            self.id = id
        }
    }

    package let key: Key
    /// The highest breach that an agent reported.
    package let reported: Int
    package let source: EvidenceReference

    package init(
        key: Key, reported: Int, source: EvidenceReference
    ) {
        self.key = key
        self.reported = reported
        self.source = source
    }

    package func with(_ other: Overdue) -> Overdue {
        Overdue(key: key, reported: max(reported, other.reported), source: other.source)
    }
}
