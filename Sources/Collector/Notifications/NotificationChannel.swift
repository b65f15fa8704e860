import CollectorValues
import Domain

/// A way to reach people. One letter at a time, on the sender's own thread.
package protocol NotificationChannel: Sendable {
    var name: ChannelName { get }
    /// Quieter ones are not for this channel.
    var minSeverity: Severity { get }
    /// Returns when the other side has taken it.
    func deliver(_ letter: Letter) throws(DeliveryProblem)
    /// Ends a running delivery: the collector stops.
    func cancel()
}

/// Why a letter did not go. Texts hold no secret and no address with one.
package enum DeliveryProblem: Error, CustomStringConvertible, Sendable {
    /// The other side is away or busy: everything waits.
    case away(String)
    /// The other side will not take this one: it is tried again later, the others go on.
    case refused(String)

    package var description: String {
        switch self {
        case .away(let text), .refused(let text): text
        }
    }
}
