/// The pauses between an account's queries, in sums that add up: mean, spread and regularity are exact however the
/// time was cut. All numbers are whole, so that order changes nothing.
///
/// A gap is measured in milliseconds, an hour at most. Its logarithm is that of gap + 1 to base 2, in sixteenths,
/// piecewise linear between powers of two: one long lunch outweighs everything in the plain spread, and hardly shows
/// in that of the logarithms.
public struct ArrivalGaps: Hashable, Sendable {
    public static let longest: Int64 = Timestamp.millisecondsPerHour

    public internal(set) var count: UInt32 = 0
    public internal(set) var sum: UInt32 = 0
    public internal(set) var logs: UInt32 = 0
    public internal(set) var squares: UInt64 = 0
    public internal(set) var logSquares: UInt64 = 0

    public init() {}

    /// Adds a gap. A negative one, from a clock that stepped back, is ignored.
    public mutating func add(milliseconds: Int64) {
        guard milliseconds >= 0 else { return }
        let gap = UInt32(min(milliseconds, Self.longest))
        let log = Self.logarithm(gap)
        count = saturatingSum(count, 1)
        sum = saturatingSum(sum, gap)
        logs = saturatingSum(logs, log)
        squares = saturatingSum(squares, UInt64(gap) * UInt64(gap))
        logSquares = saturatingSum(logSquares, UInt64(log) * UInt64(log))
    }

    /// Adds the gaps that followed. The caller adds the gap in between.
    public mutating func merge(_ other: ArrivalGaps) {
        count = saturatingSum(count, other.count)
        sum = saturatingSum(sum, other.sum)
        logs = saturatingSum(logs, other.logs)
        squares = saturatingSum(squares, other.squares)
        logSquares = saturatingSum(logSquares, other.logSquares)
    }

    /// The logarithm of gap + 1 to base 2, in sixteenths.
    static func logarithm(_ gap: UInt32) -> UInt32 {
        let value = UInt64(gap) + 1
        let power = UInt64(63 - value.leadingZeroBitCount)
        return UInt32(power * 16 + ((value << 4) >> power) & 15)
    }

    // MARK: what it says

    /// The mean gap in milliseconds; nil before the first gap.
    public var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }

    /// The standard deviation over the mean: about 0 for a metronome, 1 for random arrivals, more for bursts. Nil
    /// below two gaps, or when all queries came at once.
    public var coefficientOfVariation: Double? {
        guard count >= 2, let mean, mean > 0 else { return nil }
        return Self.deviation(Double(count), mean, Double(squares)) / mean
    }

    /// The standard deviation of the logarithms, in octaves: below 0.5 for a program with some jitter, 1.8 for random
    /// arrivals. A few long pauses hardly change it.
    public var logDeviation: Double? {
        guard count >= 2 else { return nil }
        return Self.deviation(Double(count), Double(logs) / Double(count), Double(logSquares)) / 16
    }

    private static func deviation(_ count: Double, _ mean: Double, _ squares: Double) -> Double {
        max(0, squares / count - mean * mean).squareRoot()
    }
}
