import Domain
import Platform
import Synchronization

/// Where the time comes from.
enum NationalTime {
    /// Where a simulation sets the time; nobody else does.
    @TaskLocal static var simulated: (@Sendable () -> Timestamp)?
    /// Where a simulation sets the machine's clock.
    @TaskLocal static var simulatedMachine: (@Sendable () -> ClockJudge.Reading)?
    /// Of the collector that serves in this process; commands go by the machine's clock.
    static let clock = Mutex<(@Sendable () -> Timestamp)?>(nil)
}

extension Timestamp {
    static var now: Timestamp {
        if let simulated = NationalTime.simulated { return simulated() }
        if let clock = NationalTime.clock.withLock({ $0 }) { return clock() }
        return Timestamp(milliseconds: WallClock.milliseconds())
    }
}
