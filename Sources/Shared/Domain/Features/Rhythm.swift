/// When an account sent queries within one clock hour: pauses, peaks, and its active minutes. Every attempt counts,
/// allowed or refused, since a program shows itself by its knocking. `merge` with what follows equals one pass.
public struct Rhythm: Hashable, Sendable {
    /// The first query, in milliseconds of the hour.
    public internal(set) var first: UInt32
    public internal(set) var last: UInt32
    public internal(set) var attempts: UInt32 = 1
    public internal(set) var gaps = ArrivalGaps()
    public internal(set) var perSecond = Peak()
    public internal(set) var perMinute = Peak()
    /// Bit n stands for minute n of the hour.
    public internal(set) var minutes: UInt64
    /// Begins with one query, at a millisecond of the hour.
    public init(at millisecond: UInt32) {
        let inHour = min(millisecond, UInt32(Timestamp.millisecondsPerHour) - 1)
        (first, last) = (inHour, inHour)
        minutes = 1 << UInt64(inHour / 60_000)
    }

    public var activeMinutes: Int { minutes.nonzeroBitCount }

    /// Whether all queries lie within one second; the next line says the same for a minute.
    private var isOneSecond: Bool { perSecond.first == attempts }
    private var isOneMinute: Bool { perMinute.first == attempts }

    /// Does the same as `merge` with one query.
    public mutating func note(at millisecond: UInt32) {
        let now = min(millisecond, UInt32(Timestamp.millisecondsPerHour) - 1)
        gaps.add(milliseconds: Int64(now) - Int64(last))
        perSecond.note(isOne: isOneSecond, joins: last / 1000 == now / 1000)
        perMinute.note(isOne: isOneMinute, joins: last / 60_000 == now / 60_000)
        attempts = saturatingSum(attempts, 1)
        minutes |= 1 << UInt64(now / 60_000)
        last = now
    }

    public mutating func merge(_ next: Rhythm) {
        gaps.add(milliseconds: Int64(next.first) - Int64(last))
        gaps.merge(next.gaps)
        let joinsSecond = last / 1000 == next.first / 1000
        let joinsMinute = last / 60_000 == next.first / 60_000
        perSecond.merge(
            next.perSecond, isOne: isOneSecond, joins: joinsSecond, isNextOne: next.isOneSecond)
        perMinute.merge(
            next.perMinute, isOne: isOneMinute, joins: joinsMinute, isNextOne: next.isOneMinute)
        attempts = saturatingSum(attempts, next.attempts)
        minutes |= next.minutes
        last = next.last
    }
}
