/// Something that may happen a few times at once, and then once a while. Times are monotonic milliseconds and come
/// in from outside.
public struct TokenBucket: Sendable {
    private let size: Int64
    private let everyMilliseconds: Int64
    /// When it was, or will be, full again: `size` of them are taken as far as it lies ahead.
    private var fullAt: Int64 = .min

    public init(size: Int64, everyMilliseconds: Int64) {
        self.size = size
        self.everyMilliseconds = everyMilliseconds
    }

    /// Takes one if there is one: 0; else how long to wait for it.
    public mutating func take(at now: Int64) -> Int64 {
        let wait = wait(at: now)
        if wait == 0 { fullAt = max(fullAt, now) + everyMilliseconds }
        return wait
    }

    /// How long until there is one; 0: there is.
    public func wait(at now: Int64) -> Int64 {
        max(0, max(fullAt, now) - now - (size - 1) * everyMilliseconds)
    }

    public func isFull(at now: Int64) -> Bool { fullAt <= now }
}
