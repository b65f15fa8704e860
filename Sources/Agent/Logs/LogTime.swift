import Domain
import Glibc

/// Reads the three forms in which nginx writes a time. It remembers the last one, since many lines of a log bear the
/// same second. One thread at a time.
final class LogTime {
    private struct Memory {
        var text: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        var milliseconds: Int64 = 0
    }

    private let memory = UnsafeMutablePointer<Memory>.allocate(capacity: 1)

    init() { memory.initialize(to: Memory()) }

    deinit { memory.deallocate() }

    /// The time in milliseconds since 1970 UTC; nil when the text does not have this shape.
    @inline(__always)
    func read(_ text: UnsafeRawPointer, _ count: Int, _ shape: LogFormat.Shape) -> Int64? {
        if count == memory.pointee.count, count > 0, memcmp(text, memory, count) == 0 {
            return memory.pointee.milliseconds
        }
        return readAnew(text.assumingMemoryBound(to: UInt8.self), count, shape)
    }

    @inline(never)
    private func readAnew(_ text: UnsafePointer<UInt8>, _ count: Int, _ shape: LogFormat.Shape)
        -> Int64?
    {
        let bytes = UnsafeBufferPointer(start: text, count: count)
        let time: Int64? =
            switch shape {
            case .timeLocal: Self.local(bytes)
            case .timeISO8601: Self.iso8601(bytes)
            case .seconds: Self.seconds(bytes)
            case .number, .free: nil
            }
        guard let time else { return nil }
        if count <= 32 {
            memcpy(memory, text, count)
            memory.pointee.count = count
            memory.pointee.milliseconds = time
        }
        return time
    }

    /// Reads `24/Nov/2026:08:00:00 +0700`.
    private static func local(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 26, text[2] == UInt8(ascii: "/"), text[6] == UInt8(ascii: "/"),
            text[11] == UInt8(ascii: ":"), text[20] == 32, let day = number(text, 0, 2),
            let month = months[word(text[3], text[4], text[5])], let year = number(text, 7, 4),
            let clock = clock(text, 12), let offset = number(text, 22, 2),
            let minutes = number(text, 24, 2)
        else { return nil }
        return time(year, month, day, clock, text[21], offset, minutes)
    }

    /// Reads `2026-11-24T08:00:00+07:00`.
    private static func iso8601(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 25, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[22] == UInt8(ascii: ":"),
            let year = number(text, 0, 4), let month = number(text, 5, 2),
            let day = number(text, 8, 2), let clock = clock(text, 11),
            let offset = number(text, 20, 2), let minutes = number(text, 23, 2)
        else { return nil }
        return time(year, month, day, clock, text[19], offset, minutes)
    }

    /// Reads `1795482000.123`, for the years 1970 to 9999.
    private static func seconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let dot = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        guard (1...12).contains(dot), let whole = number(text, 0, dot), whole < 253_402_300_800
        else { return nil }
        guard dot < text.count else { return Int64(whole) * 1000 }
        let places = text.count - dot - 1
        guard (1...9).contains(places), var part = number(text, dot + 1, places) else { return nil }
        for _ in min(places, 3)..<3 { part *= 10 }
        for _ in 3..<max(places, 3) { part /= 10 }
        return Int64(whole) * 1000 + Int64(part)
    }

    /// Reads `08:00:00` as seconds. A leap second counts as the second before it.
    private static func clock(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int? {
        guard let hour = number(text, at, 2), hour < 24, text[at + 2] == UInt8(ascii: ":"),
            let minute = number(text, at + 3, 2), minute < 60, text[at + 5] == UInt8(ascii: ":"),
            let second = number(text, at + 6, 2), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + min(second, 59)
    }

    private static func time(
        _ year: Int, _ month: Int, _ day: Int, _ clock: Int, _ sign: UInt8, _ hours: Int,
        _ minutes: Int
    ) -> Int64? {
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), hours < 24, minutes < 60,
            let date = CalendarDate(year: year, month: month, day: day)
        else { return nil }
        let offset = (hours * 60 + minutes) * 60 * (sign == UInt8(ascii: "-") ? -1 : 1)
        return Int64(date.daysSinceEpoch) * Timestamp.millisecondsPerDay
            + Int64(clock - offset) * 1000
    }

    private static func number(_ text: UnsafeBufferPointer<UInt8>, _ at: Int, _ digits: Int) -> Int?
    {
        var value = 0
        for index in at..<at + digits {
            guard (48...57).contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 48)
        }
        return value
    }

    private static func word(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> UInt32 {
        UInt32(a) << 16 | UInt32(b) << 8 | UInt32(c)
    }

    private static let months: [UInt32: Int] = {
        var months: [UInt32: Int] = [:]
        for (index, name) in [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ].enumerated() {
            let bytes = [UInt8](name.utf8)
            months[word(bytes[0], bytes[1], bytes[2])] = index + 1
        }
        return months
    }()
}
