import CollectorValues
import Domain

/// A way to reach people. It sends one letter at a time, on the sender's own thread.
package protocol NotificationChannel: Sendable {
    var name: ChannelName { get }
    /// Quieter notifications are not sent here.
    var minSeverity: Severity { get }
    /// Returns when the other side has taken the letter.
    func deliver(_ letter: Letter) throws(DeliveryProblem)
    /// Ends a running delivery because the collector stops. Called from another thread.
    func cancel()
}

/// Why a letter was not delivered. The texts contain no secret, and no address that contains one.
package enum DeliveryProblem: Error, CustomStringConvertible, Sendable {
    /// The other side is away or busy, so everything waits.
    case away(String)
    /// The other side refuses this letter: it is tried again later, and the others go on.
    case refused(String)

    package var description: String {
        switch self {
        case .away(let text), .refused(let text): text
        }
    }
}
