import Glibc

/// Counts by byte keys: two keys are the same only when every byte is equal, where a Swift String would take two
/// spellings of one letter for one. It uses open addressing, with a seed of its own against chosen keys. A key lies
/// right behind its count, so that a line costs two looks into memory. Bounded by `keysMax` and `bytesMax`. One
/// thread at a time.
final class KeyTable {
    /// What lies before each key: its count, the lower half of its hash, and its length.
    private struct Head {
        var count: Int64
        let hash: UInt32
        let length: UInt32
    }

    /// The most distinct keys; `bytesMax` bounds their bytes, heads included. The caller folds what comes beyond.
    static let keysMax = 1_000_000
    static let bytesMax = 160 << 20
    /// The bytes behind a key handed over, which this table may overwrite.
    static let padding = 8
    private static let headBytes = MemoryLayout<Head>.size

    private let keysMax: Int
    private let seed = UInt64.random(in: 0 ... .max)
    /// The upper half of the hash, and where the head lies in `memory`, in steps of 8 bytes, plus one; 0 is free.
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask = 4095
    private var memory: UnsafeMutableRawPointer
    private var capacity = 64 << 10
    private var used = 0
    /// Written so that the compiler does not leave out the reads of `touch`.
    private var touched: UInt32 = 0
    private(set) var count = 0

    init(keysMax: Int = KeyTable.keysMax) {
        self.keysMax = keysMax
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        memory = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit {
        slots.deallocate()
        memory.deallocate()
    }

    /// Reads the places of keys that will be added soon, so that the processor waits for memory once for all of them
    /// instead of once for each.
    @inline(__always)
    func touch(_ hashes: UnsafeMutablePointer<UInt64>, _ count: Int) {
        var sum: UInt32 = 0
        for index in 0..<count {
            let held = slots[Int(truncatingIfNeeded: hashes[index]) & mask]
            if held != 0 { sum &+= head(held).pointee.length }
        }
        touched = sum
    }

    /// Adds one to the count of this key. Returns false when the key is new and the table is full. `isForced` takes
    /// the key all the same, for the few keys under which the rest is folded.
    @inline(__always)
    func add(
        _ key: UnsafeMutablePointer<UInt8>, _ length: Int, hash: UInt64, isForced: Bool = false
    ) -> Bool {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let held = slots[slot]
            if held == 0 { break }
            if (held ^ hash) >> 32 == 0 {
                let head = head(held)
                if head.pointee.length == UInt32(truncatingIfNeeded: length),
                    memcmp(UnsafeRawPointer(head) + Self.headBytes, key, length) == 0
                {
                    head.pointee.count &+= 1
                    return true
                }
            }
            slot = (slot &+ 1) & mask
        }
        return insert(key, length, hash, slot, isForced)
    }

    /// The keys and their counts, the greatest count first, equal counts in the order of the keys' bytes.
    func sorted() -> [(key: UnsafeRawBufferPointer, count: Int64)] {
        var rows: [(key: UnsafeRawBufferPointer, count: Int64)] = []
        rows.reserveCapacity(count)
        var at = 0
        while at < used {
            let head = (memory + at).assumingMemoryBound(to: Head.self).pointee
            let length = Int(head.length)
            rows.append(
                (
                    UnsafeRawBufferPointer(start: memory + at + Self.headBytes, count: length),
                    head.count
                ))
            at += Self.bytes(length)
        }
        rows.sort { a, b in
            guard a.count == b.count else { return a.count > b.count }
            let common = min(a.key.count, b.key.count)
            guard common > 0, let first = a.key.baseAddress, let second = b.key.baseAddress else {
                return a.key.count < b.key.count
            }
            let order = memcmp(first, second, common)
            return order == 0 ? a.key.count < b.key.count : order < 0
        }
        return rows
    }

    @inline(__always)
    private func head(_ held: UInt64) -> UnsafeMutablePointer<Head> {
        let offset = Int(truncatingIfNeeded: (held & 0xFFFF_FFFF) &- 1) &* 8
        return (memory + offset).assumingMemoryBound(to: Head.self)
    }

    /// The bytes that a key takes with its head.
    private static func bytes(_ length: Int) -> Int { headBytes + (length + 7) / 8 * 8 }

    /// Hashes a key. `key` has `padding` bytes behind it, which are overwritten.
    @inline(__always)
    func hash(_ key: UnsafeMutablePointer<UInt8>, _ length: Int) -> UInt64 {
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
        let bytes = Self.bytes(length)
        guard isForced || (count < keysMax && used + bytes <= Self.bytesMax) else { return false }
        makeRoom(bytes)
        (memory + used).assumingMemoryBound(to: Head.self).initialize(
            to: Head(
                count: 1, hash: UInt32(truncatingIfNeeded: hash), length: UInt32(length)))
        memcpy(memory + used + Self.headBytes, key, length)
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(used / 8 + 1)
        count += 1
        used += bytes
        // The table is kept at most half full.
        if count * 2 > mask { rehash() }
        return true
    }

    private func makeRoom(_ bytes: Int) {
        guard used + bytes > capacity else { return }
        while used + bytes > capacity { capacity *= 2 }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        memcpy(larger, memory, used)
        memory.deallocate()
        memory = larger
    }

    private func rehash() {
        let former = slots
        let formerCount = mask + 1
        mask = mask * 2 + 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: 0, count: mask + 1)
        for index in 0..<formerCount where former[index] != 0 {
            var slot = Int(head(former[index]).pointee.hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = former[index]
        }
        former.deallocate()
    }
}
