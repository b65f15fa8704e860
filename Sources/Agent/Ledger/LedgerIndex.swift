/// Where the records of a ledger stand, found by the hash of their keys: 4 bytes a record beside the file
/// itself, in which the keys stand. Open addressing; never shrinks, one interval long.
struct LedgerIndex {
    private(set) var count = 0
    /// Offsets of records; 0: free.
    private var slots = [UInt32](repeating: 0, count: 256)

    /// The record for which `matches` says yes, of those with this hash.
    func find(_ hash: Int, where matches: (Int) -> Bool) -> Int? {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let place = Int(slots[slot])
            if matches(place) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// `hashOf`: the hash of a record that is there already, for when the table grows.
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
