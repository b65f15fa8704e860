import Domain

/// A quota that was passed, or was told as passed, and is still to be judged. Kept in the transaction that counted it
/// (`Records.keep(overdue:)`), so that a crash loses none.
struct Overdue {
    struct Key: Hashable {
        let system: SystemCode
        let id: Quota.ID
    }

    let key: Key
    /// The highest breach that an agent told.
    let reported: Int
    let source: EvidenceReference

    func with(_ other: Overdue) -> Overdue {
        Overdue(key: key, reported: max(reported, other.reported), source: other.source)
    }
}
