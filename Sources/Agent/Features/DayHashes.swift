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

    private var hashes: [CalendarDate: KeyedDigest] = [:]

    subscript(date: CalendarDate) -> KeyedDigest? { hashes[date] }

    /// Takes a policy's keys; what is no key is left out. Returns the dates whose key changed.
    mutating func adopt(_ keys: [DayKey], today: CalendarDate) -> Set<CalendarDate> {
        var changed: Set<CalendarDate> = []
        for day in keys.prefix(Self.datesMax) where day.date >= today {
            guard let key = Base64URL.decode(day.key), key.count == DayKey.bytes else { continue }
            guard let hash = try? KeyedDigest(key: key) else { continue }
            if let former = hashes[day.date], mark(former) == mark(hash) { continue }
            if hashes.updateValue(hash, forKey: day.date) != nil { changed.insert(day.date) }
        }
        return changed
    }

    /// Drops the keys of days that are over.
    mutating func forget(before now: Timestamp) {
        let date = now.advanced(byMilliseconds: -Self.graceMilliseconds).date
        guard hashes.keys.contains(where: { $0 < date }) else { return }
        hashes = hashes.filter { $0.key >= date }
    }

    /// Tells keys apart without showing one; nil when there is none of the date.
    func mark(_ date: CalendarDate) -> UInt64? { hashes[date].map(mark) }

    private func mark(_ hash: KeyedDigest) -> UInt64 { hash.hash(Kind.mark, "") }
}

extension KeyedDigest {
    /// The first 8 bytes: what sketches are made of.
    func hash(_ kind: UInt8, _ text: String) -> UInt64 { half(of: text, label: kind).high }
}
