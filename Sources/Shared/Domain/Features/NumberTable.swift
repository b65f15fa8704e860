/// Numbers with a count above 0 each, at most half as many as there are slots: a dictionary that allocates nothing
/// after its start. The places depend on a secret of the run, so that nobody can choose numbers that collide.
struct NumberTable: Sendable {
    private var keys: [UInt64]
    /// The count in each slot; 0 means that the slot is free.
    private var counts: [UInt32]
    private let multiplier = UInt64.random(in: 0...UInt64.max) | 1
    private let shift: UInt64
    private var mask: Int { keys.count - 1 }

    /// Makes a table for at most `max` numbers.
    init(max: Int) {
        var bits = 3
        while 1 << bits < 2 * max { bits += 1 }
        keys = [UInt64](repeating: 0, count: 1 << bits)
        counts = [UInt32](repeating: 0, count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    /// The count of a number; 0 when it is not there.
    subscript(key: UInt64) -> UInt32 { counts[slot(of: key)] }

    /// Changes a number's count. Returns false when the number is not there.
    @discardableResult
    mutating func replace(_ key: UInt64, by count: UInt32) -> Bool {
        let slot = slot(of: key)
        guard counts[slot] != 0 else { return false }
        counts[slot] = count
        return true
    }

    /// Adds a number that is not there yet. There must be room.
    mutating func add(_ key: UInt64, _ count: UInt32) {
        let slot = slot(of: key)
        keys[slot] = key
        counts[slot] = count
    }

    mutating func remove(_ key: UInt64) {
        var free = slot(of: key)
        guard counts[free] != 0 else { return }
        // The entries behind the free slot move up, unless one would come before its own place.
        var next = free
        while true {
            next = (next + 1) & mask
            guard counts[next] != 0 else { break }
            let distance = (next - home(keys[next])) & mask
            if distance >= (next - free) & mask {
                (keys[free], counts[free]) = (keys[next], counts[next])
                free = next
            }
        }
        counts[free] = 0
    }

    private func home(_ key: UInt64) -> Int { Int((key &* multiplier) >> shift) }

    /// The slot of a number, or the slot where it would go.
    private func slot(of key: UInt64) -> Int {
        var slot = home(key)
        while counts[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }
}
