/// Who goes first at the one writer. Nobody is interrupted: a new caller waits for the transaction that is running, so
/// every transaction must be short.
package enum WritePriority: Int, CaseIterable, Sendable {
    /// A person is waiting: commands of staff, locks.
    case staff
    /// What the collector does by itself, and soon: locks that end, who holds them, notifications, its own alerts.
    case rules
    /// What agents push.
    case pushes
    /// Work that may wait: imports, retention, renewal, backups.
    case background

    /// A class that others have gone before this many times is next.
    package static let patience = 16
}
