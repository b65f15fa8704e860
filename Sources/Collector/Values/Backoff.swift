/// Computes the pauses between tries: 1 s at first, doubled up to one minute, so that we are back within a minute of
/// the other side's return.
package struct Backoff {
    static let firstMilliseconds: Int64 = 1000
    static let lastMilliseconds: Int64 = 60_000

    private(set) var failures = 0

    package init(
        failures: Int = 0
    ) {
        self.failures = failures
    }

    package mutating func failed() { failures += 1 }
    package mutating func succeeded() { failures = 0 }

    package var pauseMilliseconds: Int64 {
        failures == 0
            ? 0
            : min(
                Self.firstMilliseconds << Int64(min(failures.subtracting(1), 20)),
                Self.lastMilliseconds)
    }

    /// The pause before a letter that was refused `tries` times is sent again: 30 s at first, one hour at most.
    package static func pauseOfRefused(tries: Int) -> Int64 {
        min(30_000 << Int64(min(max(tries.subtracting(1), 0), 20)), 3_600_000)
    }
}
