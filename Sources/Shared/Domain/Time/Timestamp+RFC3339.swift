extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in Vietnamese time with milliseconds: `2026-11-24T08:00:00.000+07:00`.
    public var description: String { rfc3339(fraction: true) }

    /// RFC 3339 in Vietnamese time without milliseconds, for whole hours and for people.
    public var rfc3339Seconds: String { rfc3339(fraction: false) }

    /// `08:05` in Vietnamese time, for sentences.
    public var clock: String {
        let minute = Int(floorDivide(milliseconds, 60_000)) %% 60
        return "\(padded(hourOfDay, 2)):\(padded(minute, 2))"
    }

    private func rfc3339(fraction: Bool) -> String {
        let local = milliseconds + Self.zoneOffset
        let inDay = Int(
            local - floorDivide(local, Self.millisecondsPerDay) * Self.millisecondsPerDay)
        let time = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60]
            .map { padded($0, 2) }.joined(separator: ":")
        return "\(date)T\(time)\(fraction ? "." + padded(inDay % 1000, 3) : "")+07:00"
    }

    /// Reads RFC 3339 with any offset, a bare date (`2026-11-24`, midnight in Vietnam), or
    /// `2026-11-24T08:00[:00[.000]]` without an offset, taken as Vietnamese time. Nil for any other text.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let date = CalendarDate(String(text.prefix(10))) else {
            return nil
        }
        var reader = DigitReader(bytes: bytes, at: 10)
        guard !reader.atEnd else { self.init(date); return }
        guard reader.take(oneOf: "Tt "), let hour = reader.number(digits: 2), hour < 24,
            reader.take(oneOf: ":"), let minute = reader.number(digits: 2), minute < 60
        else { return nil }
        var second = 0
        var fraction = 0
        if reader.take(oneOf: ":") {
            guard let value = reader.number(digits: 2), value < 60 else { return nil }
            second = value
            if reader.take(oneOf: ".") {
                guard let value = reader.milliseconds() else { return nil }
                fraction = value
            }
        }
        guard let offset = reader.zone(default: Self.zoneOffset), reader.atEnd else { return nil }
        let inDay = Int64(((hour * 60 + minute) * 60 + second) * 1000 + fraction)
        let told = Int64(date.daysSinceEpoch) * Self.millisecondsPerDay + inDay - offset
        self.init(milliseconds: told)
        // With its offset the time lies outside the years 1 to 9999 in Vietnam.
        guard milliseconds == told else { return nil }
    }
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private struct DigitReader {
    let bytes: [UInt8]
    var at: Int

    var atEnd: Bool { at == bytes.count }

    mutating func take(oneOf characters: String) -> Bool {
        guard at < bytes.count, characters.utf8.contains(bytes[at]) else { return false }
        at += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard at + digits <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[at..<at + digits] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        at += digits
        return value
    }

    /// One to nine digits of a fraction of a second, as milliseconds (cut, not rounded).
    mutating func milliseconds() -> Int? {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
        guard (1...9).contains(at - start) else { return nil }
        var value = 0
        for place in 0..<3 {
            value = value * 10 + (start + place < at ? Int(bytes[start + place] - 48) : 0)
        }
        return value
    }

    /// Reads `Z`, `+07:00` or nothing; gives the offset in milliseconds.
    mutating func zone(default offset: Int64) -> Int64? {
        if atEnd { return offset }
        if take(oneOf: "Zz") { return 0 }
        let negative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
        guard take(oneOf: "+-"), let hours = number(digits: 2), hours < 24, take(oneOf: ":"),
            let minutes = number(digits: 2), minutes < 60
        else { return nil }
        let value = Int64(hours * 60 + minutes) * 60_000
        return negative ? -value : value
    }
}
