/// When the courier cuts, pushes and forgets next; monotonic milliseconds.
struct PushSchedule {
    var nextSeal: Int64
    /// Waits for it only after a failure.
    var nextPush: Int64 = 0
    var failures = 0
    var nextPrune: Int64 = 0

    /// How long until something is due, at most a second.
    func pause(from now: Int64) -> Int64 {
        let due = min(nextSeal, failures > 0 ? max(nextPush, now) : nextSeal)
        return min(max(0, due - now), 1000)
    }
}
