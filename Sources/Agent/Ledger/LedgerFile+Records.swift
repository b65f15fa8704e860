import Domain
import Platform
import Synchronization

/// The records of a ledger: they are found by key, appended, and read again after a crash.
extension LedgerFile {
    /// An hour, a counter, a window, and two names of at most 255 bytes with their lengths.
    private static let keyBytesMax = 8 + 2 + 2 * 256

    /// The place of the record of this row and counter, which is made if need be; nil when there is no room.
    func place(of query: Query, _ window: WindowKind, _ counter: Counter) -> Int? {
        Self.withKey(query, window, counter) { key in
            let hash = Self.hash(key)
            if let place = index.find(hash, where: { matches(key, at: $0) }) { return place }
            guard let place = append(key, mayUseReserve: query.login == .folded) else { return nil }
            index.insert(place, hash) { Self.hash(storedKey(at: $0)) }
            return place
        }
    }

    func contains(_ query: Query, window: WindowKind, counter: Counter) -> Bool {
        Self.withKey(query, window, counter) { key in
            index.find(Self.hash(key)) { matches(key, at: $0) } != nil
        }
    }

    private static func withKey<R>(
        _ query: Query, _ window: WindowKind, _ counter: Counter,
        _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(byteCount: keyBytesMax, alignment: 8) { scratch in
            let hour = query.at.hourStart.milliseconds.littleEndian
            scratch.storeBytes(of: hour, as: Int64.self)
            scratch[8] = counter.byte
            scratch[9] = window == .office ? 0 : 1
            var end = 10
            for var name in [query.login.rawValue, query.service.rawValue] {
                name.withUTF8 { utf8 in
                    let count = min(utf8.count, 255)
                    scratch[end] = UInt8(count)
                    scratch[(end + 1)..<(end + 1 + count)].copyBytes(from: utf8.prefix(count))
                    end += 1 + count
                }
            }
            return body(UnsafeRawBufferPointer(rebasing: scratch[..<end]))
        }
    }

    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return hasher.finalize()
    }

    private func matches(_ key: UnsafeRawBufferPointer, at place: Int) -> Bool {
        let start = place + Self.keyOffset
        guard start + key.count <= file.bytes.count else { return false }
        // The key contains the lengths, so one key is never the beginning of another.
        return key.elementsEqual(file.bytes[start..<(start + key.count)])
    }

    /// The bytes of the key, without the padding after it.
    private func storedKey(at place: Int) -> UnsafeRawBufferPointer {
        let start = place + Self.keyOffset
        let loginEnd = start + 11 + Int(file.bytes[start + 10])
        let end = loginEnd + 1 + Int(file.bytes[loginEnd])
        return UnsafeRawBufferPointer(rebasing: file.bytes[start..<end])
    }

    private func append(_ key: UnsafeRawBufferPointer, mayUseReserve: Bool) -> Int? {
        let length = (Self.keyOffset + key.count + 7) & ~7
        let start = used
        let limit = file.bytes.count - (mayUseReserve ? 0 : Self.reserveBytes)
        guard start + length <= limit else { return nil }
        for offset in stride(from: 0, to: length, by: 8) { store(start + offset, 0) }
        file.bytes[(start + Self.keyOffset)..<(start + Self.keyOffset + key.count)]
            .copyBytes(from: key)
        store(start, UInt64(UInt32(length)) | UInt64(checksum(key)) << 32)
        // The record must be complete before `used` includes it; without the fence the compiler may reorder the stores.
        atomicMemoryFence(ordering: .releasing)
        store(24, UInt64(start + length))
        return start
    }

    /// Reads the records of a ledger that an earlier run left. Returns 1 when a power loss tore a record, else 0.
    func readIndex() -> Int {
        guard isStarted else { return 0 }
        var at = Self.headerBytes
        let end = min(used, file.bytes.count)
        guard used >= Self.headerBytes else { return 1 }
        while at + Self.keyOffset <= end {
            let word = load(at)
            let length = Int(UInt32(truncatingIfNeeded: word))
            guard length >= Self.keyOffset + 12, length % 8 == 0, at + length <= end,
                let row = readKey(at, end: at + length),
                UInt32(truncatingIfNeeded: word >> 32) == checksum(row.bytes)
            else { return 1 }
            index.insert(at, Self.hash(row.bytes)) { Self.hash(storedKey(at: $0)) }
            at += length
        }
        return at == end ? 0 : 1
    }

    /// Whether a record counts more than an interval can hold, because half a page was written. Such a record is left
    /// out; those behind it are whole.
    var hasAbsurdCount: Bool {
        index.places.contains { load($0 + Self.countOffset) > Self.countMax }
    }

    private struct Key {
        let login: Login, service: ServiceName, hour: Int64, window: WindowKind, counter: Counter
        let bytes: UnsafeRawBufferPointer
    }

    private func readKey(_ place: Int, end: Int) -> Key? {
        let start = place + Self.keyOffset
        let loginAt = start + 10
        let loginEnd = loginAt + 1 + Int(file.bytes[loginAt])
        guard loginEnd < end else { return nil }
        let serviceEnd = loginEnd + 1 + Int(file.bytes[loginEnd])
        guard serviceEnd <= end, let counter = Counter(byte: file.bytes[start + 8]),
            let login = String(validating: file.bytes[(loginAt + 1)..<loginEnd], as: UTF8.self),
            let service = String(validating: file.bytes[(loginEnd + 1)..<serviceEnd], as: UTF8.self)
        else { return nil }
        return Key(
            login: Login(unchecked: login), service: ServiceName(unchecked: service),
            hour: Int64(bitPattern: load(start)),
            window: file.bytes[start + 9] == 0 ? .office : .off, counter: counter,
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[start..<serviceEnd]))
    }

    /// All rows, as a summary tells them.
    func rows() -> [SummaryRow] {
        struct Place: Hashable {
            let login: Login, service: ServiceName, hour: Int64, window: WindowKind
        }
        var rows: [SummaryRow] = []
        var places: [Place: Int] = [:]
        for record in index.places {
            let count = Int64(clamping: load(record + Self.countOffset))
            let length = Int(UInt32(truncatingIfNeeded: load(record)))
            // A record exists before its first count, so a crash between the two leaves a zero.
            guard count > 0, count <= Self.countMax, let key = readKey(record, end: record + length)
            else { continue }
            let place = Place(
                login: key.login, service: key.service, hour: key.hour, window: key.window)
            let at = places[place] ?? rows.count
            if at == rows.count {
                places[place] = at
                rows.append(
                    SummaryRow(
                        login: key.login, service: key.service,
                        hour: Timestamp(milliseconds: key.hour), window: key.window))
            }
            switch key.counter {
            case .allowed: rows[at].allowed += count
            case .passed: rows[at].passed += count
            case .denied(let reason): rows[at].denied[reason.wireName, default: 0] += count
            case .would(let reason): rows[at].would[reason.wireName, default: 0] += count
            }
        }
        return rows.sorted {
            ($0.hour, $0.login, $0.service) < ($1.hour, $1.login, $1.service)
        }
    }
}

/// The first 32 bits of the key's SHA-256. They tell a whole key from a torn one, and protect against no forgery.
private func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    Digest.sha256([UInt8](bytes)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
}
