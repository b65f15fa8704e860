import Domain
import Platform
import Synchronization

/// Where the national time comes from.
package enum NationalTime {
    /// An object: a closure inside a generic box is wrapped once more at every access, and each call gets longer.
    package final class Source: Sendable {
        package let now: @Sendable () -> Timestamp

        package init(_ now: @escaping @Sendable () -> Timestamp) { self.now = now }
    }

    /// Set by a simulation to give the time; nothing else sets it.
    @TaskLocal package static var simulated: (@Sendable () -> Timestamp)?
    /// Set by a simulation to give the machine's clock.
    @TaskLocal package static var simulatedMachine: (@Sendable () -> ClockJudge.Reading)?
    /// The clock of the collector that serves in this process. Commands leave it nil and use the machine's clock.
    package static let clock = Mutex<Source?>(nil)
}

extension Timestamp {
    package static var now: Timestamp {
        if let simulated = NationalTime.simulated { return simulated() }
        if let clock = NationalTime.clock.withLock({ $0 }) { return clock.now() }
        return Timestamp(milliseconds: WallClock.milliseconds())
    }
}
