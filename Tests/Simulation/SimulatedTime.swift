import Domain
import Platform

@testable import Agent

/// True time, and the clocks of the agent's machine: the one of dates may be off.
///
/// `@unchecked Sendable`: one simulation, one thread.
final class SimulatedTime: @unchecked Sendable {
    /// Milliseconds since 1970; only forward.
    var now: Int64
    /// By how much the machine's clock is ahead.
    var offset: Int64 = 0
    private var started: Int64
    private var boots = 1

    init(_ start: Int64) {
        now = start
        started = start - 3_600_000
    }

    /// The machine starts again.
    func reboot() {
        started = now - 20_000
        boots += 1
    }

    var wall: Int64 { now + offset }
    var boot: Int64 { now - started }
    var bootID: String { "b00\(boots)" }

    var pace: Pace { Pace(monotonic: { self.boot }, boot: { self.boot }, jittered: { $0 }) }
    var read: @Sendable () -> ClockJudge.Reading {
        { ClockJudge.Reading(wall: self.wall, boot: self.boot) }
    }
}
