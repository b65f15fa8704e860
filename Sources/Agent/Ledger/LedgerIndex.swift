/// Finds the records of a ledger by the hash of their keys. It takes 4 bytes a record beside the file, which holds
/// the keys. Open addressing; it lives for one interval and never shrinks.
struct LedgerIndex {
    private(set) var count = 0
    /// The offsets of records; 0 is a free slot.
    private var slots = [UInt32](repeating: 0, count: 256)

    /// The record with this hash for which `matches` returns true; nil when there is none.
    func find(_ hash: Int, where matches: (Int) -> Bool) -> Int? {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let place = Int(slots[slot])
            if matches(place) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Adds a record. `hashOf` returns the hash of a record that is there already; it is needed when the table grows.
    mutating func insert(_ place: Int, _ hash: Int, hashOf: (Int) -> Int) {
        if (count + 1) * 4 > slots.count * 3 {
            let former = slots
            slots = [UInt32](repeating: 0, count: former.count * 2)
            for place in former where place != 0 { put(place, hashOf(Int(place))) }
        }
        put(UInt32(place), hash)
        count += 1
    }

    private mutating func put(_ place: UInt32, _ hash: Int) {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = place
    }

    func contains(place: Int) -> Bool {
        place > 0 && slots.contains { Int($0) == place }
    }

    /// All records, in the order in which they were made.
    var places: [Int] { slots.filter { $0 != 0 }.map(Int.init).sorted() }
}
