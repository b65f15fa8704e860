import Domain
import Synchronization
@testable import CollectorClock
@testable import CollectorRetention
@testable import CollectorStore

/// The time of a simulated nation, and what the clock of the collector's machine shows.
final class SimulatedTime: Sendable {
    private struct State {
        var now = Timestamp("2026-11-24T08:00:00+07:00")!.milliseconds
        /// The machine's clock less the true time.
        var error: Int64 = 0
        var clock: CentreClock?
    }

    private let state = Mutex(State())

    /// True.
    var now: Timestamp { Timestamp(milliseconds: state.withLock { $0.now }) }
    /// What the collector takes for it.
    var used: Timestamp { state.withLock { $0.clock }?.now() ?? now }
    var machine: ClockJudge.Reading {
        state.withLock { .init(wall: $0.now + $0.error, boot: $0.now) }
    }

    func pass(_ span: Int64) { state.withLock { $0.now += span } }
    func setMachine(by error: Int64) { state.withLock { $0.error = error } }
    /// Of the collector that runs now.
    func follow(_ clock: CentreClock) { state.withLock { $0.clock = clock } }
}
