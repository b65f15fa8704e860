import Domain
import Platform
import Synchronization

/// Where the time comes from.
package enum NationalTime {
    /// Where a simulation sets the time; nobody else does.
    @TaskLocal package static var simulated: (@Sendable () -> Timestamp)?
    /// Where a simulation sets the machine's clock.
    @TaskLocal package static var simulatedMachine: (@Sendable () -> ClockJudge.Reading)?
    /// Of the collector that serves in this process; commands go by the machine's clock.
    package static let clock = Mutex<(@Sendable () -> Timestamp)?>(nil)
}

extension Timestamp {
    package static var now: Timestamp {
        if let simulated = NationalTime.simulated { return simulated() }
        if let clock = NationalTime.clock.withLock({ $0 }) { return clock() }
        return Timestamp(milliseconds: WallClock.milliseconds())
    }
}
