import Domain
import Platform

/// The prepared keys of the days that a policy brought: at most a few. In memory only; a key goes when its day is
/// over. Not thread-safe.
struct DayHashes {
    /// Told apart under one key.
    enum Kind {
        static let subject = UInt8(ascii: "s")
        static let source = UInt8(ascii: "i")
        static let officer = UInt8(ascii: "o")
        static let mark = UInt8(ascii: "k")
    }

    /// What waits to be noted a moment after midnight still belongs to the day before.
    static let graceMilliseconds: Int64 = 60_000
    static let datesMax = 8

    private struct Day {
        let date: CalendarDate
        let hash: KeyedDigest
        /// Hashes of sources and of officers: an agency has few, and each comes again and again.
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

    /// A handful: looked through from the front.
    private var days: [Day] = []

    subscript(date: CalendarDate) -> KeyedDigest? { days.first { $0.date == date }?.hash }

    /// The hash of an address under the key of a date; nil without one.
    mutating func source(_ source: String, _ date: CalendarDate) -> UInt64? {
        guard let place = days.firstIndex(where: { $0.date == date }) else { return nil }
        return days[place].hash(source, Kind.source, \.sources)
    }

    /// The hash of an officer under the key of a date; nil without one.
    mutating func officer(_ officer: String, _ date: CalendarDate) -> UInt64? {
        guard let place = days.firstIndex(where: { $0.date == date }) else { return nil }
        return days[place].hash(officer, Kind.officer, \.officers)
    }

    /// Takes a policy's keys; what is no key is left out. Returns the dates whose key changed.
    mutating func adopt(_ keys: [DayKey], today: CalendarDate) -> Set<CalendarDate> {
        var changed: Set<CalendarDate> = []
        for day in keys.prefix(Self.datesMax) where day.date >= today {
            guard let key = Base64URL.decode(day.key), key.count == DayKey.bytes else { continue }
            // Without memory for it: as without a key, told in `dropped.sketch`.
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

    /// Tells keys apart without showing one; nil when there is none of the date.
    func mark(_ date: CalendarDate) -> UInt64? { self[date].map(mark) }

    private func mark(_ hash: KeyedDigest) -> UInt64 { hash.hash(Kind.mark, "") }
}

extension KeyedDigest {
    /// The first 8 bytes: what sketches are made of.
    func hash(_ kind: UInt8, _ text: String) -> UInt64 { half(of: text, label: kind).high }
}
