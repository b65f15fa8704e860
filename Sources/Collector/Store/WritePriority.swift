/// Who goes first at the one writer. Nobody is interrupted: whoever comes waits for the transaction under way, so each
/// is to be short, whatever it is for.
package enum WritePriority: Int, CaseIterable, Sendable {
    /// A person waits: commands of staff, locks.
    case staff
    /// What the collector does by itself and soon: locks that end, who holds them, notifications, alerts of its own.
    case rules
    /// What agents push.
    case pushes
    /// What may wait: imports, retention, renewal, backups.
    case background

    /// So often a class may be passed over by those before it; then it is next.
    package static let patience = 16
}
