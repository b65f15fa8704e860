import Glibc

/// Counts by byte keys: two keys are one only when every byte is equal (a Swift String would take
/// two spellings of one letter for one). Open addressing, keys in one piece of memory, a seed of its own
/// against chosen keys. Bounded by `keysMax` and `keyBytesMax`. One thread at a time.
final class KeyTable {
    struct Entry {
        let hash: UInt64
        let offset: Int
        let length: Int
        var count: Int64
    }

    /// Distinct keys, and bytes of them together; what comes beyond is for the caller to fold.
    static let keysMax = 1_000_000
    static let keyBytesMax = 128 << 20
    /// A key lies in memory with so many bytes behind it that may be overwritten.
    static let padding = 8

    private let keysMax: Int
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var entries: UnsafeMutablePointer<Entry>
    private var entriesCapacity = 1024
    private var keys: UnsafeMutableRawPointer
    private var keysCapacity = 64 << 10
    private var keysCount = 0
    private(set) var count = 0
    private let seed = UInt64.random(in: 0 ... .max)

    init(keysMax: Int = KeyTable.keysMax) {
        self.keysMax = keysMax
        mask = 4095
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        entries = .allocate(capacity: entriesCapacity)
        keys = .allocate(byteCount: keysCapacity, alignment: 8)
    }

    deinit {
        slots.deallocate()
        entries.deallocate()
        keys.deallocate()
    }

    /// One more of this key. False when it is a new one and the table is full; `isForced` takes it all the
    /// same, for the few keys under which the rest is folded.
    @inline(__always)
    func add(_ key: UnsafeMutablePointer<UInt8>, _ length: Int, isForced: Bool = false) -> Bool {
        let hash = hash(key, length)
        // A slot holds the upper half of the hash and the number of its entry plus one.
        let tag = hash & 0xFFFF_FFFF_0000_0000
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let held = slots[slot]
            if held == 0 { break }
            if held & 0xFFFF_FFFF_0000_0000 == tag {
                let entry = entries + (Int(truncatingIfNeeded: held & 0xFFFF_FFFF) &- 1)
                if entry.pointee.length == length,
                    memcmp(keys + entry.pointee.offset, key, length) == 0
                {
                    entry.pointee.count &+= 1
                    return true
                }
            }
            slot = (slot &+ 1) & mask
        }
        return insert(key, length, hash, slot, isForced)
    }

    /// Keys and their counts, the greatest first, equal ones by their bytes.
    func sorted() -> [(key: UnsafeRawBufferPointer, count: Int64)] {
        func key(_ index: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: keys + entries[index].offset, count: entries[index].length)
        }
        let order = (0..<count).sorted { a, b in
            guard entries[a].count == entries[b].count else {
                return entries[a].count > entries[b].count
            }
            return key(a).lexicographicallyPrecedes(key(b))
        }
        return order.map { (key($0), entries[$0].count) }
    }

    @inline(__always)
    private func hash(_ key: UnsafeMutablePointer<UInt8>, _ length: Int) -> UInt64 {
        let raw = UnsafeMutableRawPointer(key)
        raw.storeBytes(of: 0, toByteOffset: length, as: UInt64.self)
        var state = seed ^ UInt64(truncatingIfNeeded: length)
        var at = 0
        while at < length {
            let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let wide = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            state = (wide.high ^ wide.low) &+ seed
            at &+= 8
        }
        let wide = state.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return wide.high ^ wide.low
    }

    @inline(never)
    private func insert(
        _ key: UnsafeMutablePointer<UInt8>, _ length: Int, _ hash: UInt64, _ slot: Int,
        _ isForced: Bool
    ) -> Bool {
        guard isForced || (count < keysMax && keysCount + length <= Self.keyBytesMax) else {
            return false
        }
        makeRoom(length)
        memcpy(keys + keysCount, key, length)
        (entries + count).initialize(
            to: Entry(hash: hash, offset: keysCount, length: length, count: 1))
        count += 1
        keysCount += length
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(count)
        // At most half full.
        if count * 2 > mask { rehash() }
        return true
    }

    private func makeRoom(_ length: Int) {
        if count == entriesCapacity {
            let larger = UnsafeMutablePointer<Entry>.allocate(capacity: entriesCapacity * 2)
            larger.moveInitialize(from: entries, count: count)
            entries.deallocate()
            entries = larger
            entriesCapacity *= 2
        }
        guard keysCount + length > keysCapacity else { return }
        while keysCount + length > keysCapacity { keysCapacity *= 2 }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: keysCapacity, alignment: 8)
        memcpy(larger, keys, keysCount)
        keys.deallocate()
        keys = larger
    }

    private func rehash() {
        slots.deallocate()
        mask = mask * 2 + 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for index in 0..<count {
            let hash = entries[index].hash
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
        }
    }
}
