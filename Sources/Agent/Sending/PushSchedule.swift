/// When the courier next cuts, pushes and forgets, in monotonic milliseconds.
struct PushSchedule {
    var nextSeal: Int64
    /// The courier waits for this time only after a failure.
    var nextPush: Int64 = 0
    var failures = 0
    var nextPrune: Int64 = 0

    /// How many milliseconds there are until something is due; at most 1000.
    func pause(from now: Int64) -> Int64 {
        let due = min(nextSeal, failures > 0 ? max(nextPush, now) : nextSeal)
        return min(max(0, due - now), 1000)
    }
}
