/// Whether the time has gone on evenly for a while. What goes for its age goes by such a time alone: a collector whose
/// clock is far ahead for some minutes makes nothing old.
struct SteadyTime {
    static let wantedMilliseconds: Int64 = 6 * 3_600_000
    /// More than this is no correction of a clock.
    private static let stepMilliseconds: Int64 = 3_600_000

    private var base: Int64?
    private var since: Int64 = 0

    /// `sure`: the time; `monotonic`: that goes only forward, evenly. Milliseconds. Asked every few minutes.
    mutating func isSteady(_ sure: Int64, monotonic: Int64) -> Bool {
        let now = sure - monotonic
        if abs(now - (base ?? .min / 2)) > Self.stepMilliseconds { since = monotonic }
        base = now
        return monotonic - since >= Self.wantedMilliseconds
    }
}
