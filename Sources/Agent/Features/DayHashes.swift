import Domain
import Platform

/// The prepared keys of the days that a policy brought, a few at most. They are in memory only, and each goes when
/// its day is over. Not thread-safe.
struct DayHashes {
    /// The kinds of text that stay apart although they are hashed under one key.
    enum Kind {
        static let subject = UInt8(ascii: "s")
        static let source = UInt8(ascii: "i")
        static let officer = UInt8(ascii: "o")
        static let mark = UInt8(ascii: "k")
    }

    /// How long a day's key outlives the day: a sighting noted just after midnight may still belong to the day before.
    static let graceMilliseconds: Int64 = 60_000
    static let datesMax = 8

    private struct Day {
        let date: CalendarDate
        let hash: KeyedDigest
        /// Remembered hashes of sources and of officers. An agency has few, and each comes again and again.
        var sources: [ExactText: UInt64] = [:]
        var officers: [ExactText: UInt64] = [:]

        mutating func hash(
            _ text: String, _ kind: UInt8, _ known: WritableKeyPath<Day, [ExactText: UInt64]>
        ) -> UInt64 {
            let exact = ExactText(text)
            if let known = self[keyPath: known][exact] { return known }
            let hash = hash.hash(kind, text)
            if self[keyPath: known].count < knownMax { self[keyPath: known][exact] = hash }
            return hash
        }
    }
    static let knownMax = 4096

    /// There are only a few, so they are searched from the front.
    private var days: [Day] = []

    subscript(date: CalendarDate) -> KeyedDigest? { days.first { $0.date == date }?.hash }

    /// The hash of an address under the key of a date; nil when there is no such key.
    mutating func source(_ source: String, _ date: CalendarDate) -> UInt64? {
        guard let place = days.firstIndex(where: { $0.date == date }) else { return nil }
        return days[place].hash(source, Kind.source, \.sources)
    }

    /// The hash of an officer under the key of a date; nil when there is no such key.
    mutating func officer(_ officer: String, _ date: CalendarDate) -> UInt64? {
        guard let place = days.firstIndex(where: { $0.date == date }) else { return nil }
        return days[place].hash(officer, Kind.officer, \.officers)
    }

    /// Takes a policy's keys, without those that are malformed. Returns the dates whose key changed.
    mutating func adopt(_ keys: [DayKey], today: CalendarDate) -> Set<CalendarDate> {
        var changed: Set<CalendarDate> = []
        for day in keys.prefix(Self.datesMax) where day.date >= today {
            guard let key = Base64URL.decode(day.key), key.count == DayKey.bytes else { continue }
            // Without memory for the key the day has none, and `dropped.sketch` tells so.
            guard let hash = try? KeyedDigest(key: key) else { continue }
            if let former = self[day.date], mark(former) == mark(hash) { continue }
            if let place = days.firstIndex(where: { $0.date == day.date }) {
                days.remove(at: place)
                changed.insert(day.date)
            }
            days.append(Day(date: day.date, hash: hash))
        }
        return changed
    }

    /// Drops the keys of days that are over.
    mutating func forget(before now: Timestamp) {
        let date = now.advanced(byMilliseconds: -Self.graceMilliseconds).date
        days.removeAll { $0.date < date }
    }

    /// Tells keys apart without showing one; nil when the date has no key.
    func mark(_ date: CalendarDate) -> UInt64? { self[date].map(mark) }

    private func mark(_ hash: KeyedDigest) -> UInt64 { hash.hash(Kind.mark, "") }
}

extension KeyedDigest {
    /// The first 8 bytes of the digest, from which sketches are made.
    func hash(_ kind: UInt8, _ text: String) -> UInt64 { half(of: text, label: kind).high }
}
