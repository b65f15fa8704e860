/// Whether the time has gone on evenly for a while. Things are deleted for their age only by such a time, so a
/// collector whose clock is far ahead for some minutes makes nothing old.
struct SteadyTime {
    static let wantedMilliseconds: Int64 = 6 * 3_600_000
    /// A greater step is no correction of a clock.
    private static let stepMilliseconds: Int64 = 3_600_000

    private var base: Int64?
    private var since: Int64 = 0

    /// Asked every few minutes. `sure` is the time, `monotonic` only goes forward, evenly; both are in milliseconds.
    mutating func isSteady(_ sure: Int64, monotonic: Int64) -> Bool {
        let now = sure - monotonic
        if abs(now - (base ?? .min / 2)) > Self.stepMilliseconds { since = monotonic }
        base = now
        return monotonic - since >= Self.wantedMilliseconds
    }
}
