import Domain
import Platform
import Synchronization

/// One interval's counters in a mapped, preallocated file: counting a query is a few stores to
/// memory, with no system call, and `kill -9` loses none of them. Format: docs/store-format.md.
///
///     header  64 bytes: magic, from, last event, used bytes, closed at (0 while open)
///     record  u32 length | u32 checksum of the key | u64 count
///             | key: hour i64, counter u8, window u8, login, service
///
/// A record is written whole before `used` moves past it, so a crash leaves either all of it or none.
///
/// `@unchecked Sendable`: reached only under the lock of `Checkpoint` while it is current, and only by
/// the sealing thread afterwards; `sync` touches the descriptor alone.
final class LedgerFile: @unchecked Sendable {
    static let magic: UInt64 = 0x3247_444C_544F_4843  // "CHOTLDG2"
    static let bytesMax = 8 << 20
    private static let headerBytes = 64
    /// Room kept for the rows into which too many others are folded.
    private static let reserveBytes = 64 << 10
    private static let countOffset = 8
    private static let keyOffset = 16

    /// What a record counts, as its byte in the file.
    enum Counter: Hashable {
        case allowed, passed
        case denied(DenialReason)
        /// Noted by a rule that did not refuse.
        case would(DenialReason)

        var byte: UInt8 {
            switch self {
            case .allowed: 0
            case .passed: 1
            case .denied(let reason): 0x40 + reason.rawValue
            case .would(let reason): 0x80 + reason.rawValue
            }
        }

        init?(byte: UInt8) {
            switch byte {
            case 0: self = .allowed
            case 1: self = .passed
            default:
                guard let reason = DenialReason(rawValue: byte & 0x3F) else { return nil }
                switch byte & 0xC0 {
                case 0x40: self = .denied(reason)
                case 0x80: self = .would(reason)
                default: return nil
                }
            }
        }
    }

    let path: String
    private let file: MappedFile
    private var records: [Key: Int] = [:]

    private struct Key: Hashable {
        let login: Login, service: ServiceName, hour: Int64, window: WindowKind, counter: Counter

        init(_ query: Query, _ window: WindowKind, _ counter: Counter) {
            login = query.login
            service = query.service
            hour = query.at.hourStart.milliseconds
            self.window = window
            self.counter = counter
        }

        init(
            login: Login, service: ServiceName, hour: Int64, window: WindowKind, counter: Counter
        ) {
            self.login = login
            self.service = service
            self.hour = hour
            self.window = window
            self.counter = counter
        }
    }

    /// A fresh, empty ledger.
    static func create(_ path: String) throws(FileError) -> LedgerFile {
        LedgerFile(path, try MappedFile.create(path, count: bytesMax))
    }

    /// The ledger that a crash left behind; `torn` counts records that cannot be trusted.
    static func recover(_ path: String) throws(FileError) -> (ledger: LedgerFile, torn: Int) {
        let ledger = LedgerFile(path, try MappedFile.open(path))
        return (ledger, ledger.index())
    }

    private init(_ path: String, _ file: MappedFile) {
        self.path = path
        self.file = file
    }

    var isStarted: Bool { load(0) == Self.magic }
    /// Neither fresh nor of this format: another version's, or damaged.
    var isForeign: Bool { load(0) != 0 && !isStarted }
    var from: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(8))) }
    var lastEvent: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(16))) }
    private var used: Int { Int(truncatingIfNeeded: load(24)) }
    var recordCount: Int { records.count }
    /// More than half full: better sealed soon.
    var isHalfFull: Bool { used > Self.bytesMax / 2 }

    /// Where the interval ends: where it was cut, or the last sign of life before a crash.
    var to: Timestamp {
        let closed = Int64(bitPattern: load(32))
        return closed > 0 ? Timestamp(milliseconds: closed) : max(from, lastEvent)
    }

    func close(at to: Timestamp) { store(32, UInt64(bitPattern: to.milliseconds)) }

    func start(at from: Timestamp) {
        store(8, UInt64(bitPattern: from.milliseconds))
        store(16, UInt64(bitPattern: from.milliseconds))
        store(24, UInt64(Self.headerBytes))
        store(0, Self.magic)
    }

    /// Notes that the agent was alive at this moment, so that a crash leaves a true end.
    func touch(_ time: Timestamp) {
        if time > lastEvent { store(16, UInt64(bitPattern: time.milliseconds)) }
    }

    /// Adds one to each counter of a row: to all of them, or, when there is no room for a new one, to
    /// none (false).
    func add(_ query: Query, window: WindowKind, counters: [Counter]) -> Bool {
        var places: [Int] = []
        for counter in counters {
            let key = Key(query, window, counter)
            guard let record = records[key] ?? append(key) else { return false }
            places.append(record + Self.countOffset)
        }
        for place in places { store(place, load(place) &+ 1) }
        touch(query.at)
        return true
    }

    func contains(_ query: Query, window: WindowKind, counter: Counter) -> Bool {
        records[Key(query, window, counter)] != nil
    }

    /// All rows, as they go into a summary.
    func rows() -> [SummaryRow] {
        struct Place: Hashable {
            let login: Login, service: ServiceName, hour: Int64, window: WindowKind
        }
        var rows: [Place: SummaryRow] = [:]
        for (key, record) in records {
            let count = Int64(truncatingIfNeeded: load(record + Self.countOffset))
            // A record stands before its first count: a crash between the two leaves a zero.
            guard count > 0 else { continue }
            let place = Place(
                login: key.login, service: key.service, hour: key.hour, window: key.window)
            var row =
                rows[place]
                ?? SummaryRow(
                    login: key.login, service: key.service, hour: Timestamp(milliseconds: key.hour),
                    window: key.window)
            switch key.counter {
            case .allowed: row.allowed += count
            case .passed: row.passed += count
            case .denied(let reason): row.denied[reason.wireName, default: 0] += count
            case .would(let reason): row.would[reason.wireName, default: 0] += count
            }
            rows[place] = row
        }
        return rows.values.sorted {
            ($0.hour, $0.login, $0.service) < ($1.hour, $1.login, $1.service)
        }
    }

    /// May run while counting goes on: the kernel writes the pages as they are.
    func sync() throws(FileError) { try file.sync() }

    private func append(_ key: Key) -> Int? {
        let login = [UInt8](key.login.rawValue.utf8)
        let service = [UInt8](key.service.rawValue.utf8)
        var bytes: [UInt8] = []
        withUnsafeBytes(of: key.hour.littleEndian) { bytes += $0 }
        bytes.append(key.counter.byte)
        bytes.append(key.window == .office ? 0 : 1)
        bytes += [UInt8(login.count)] + login + [UInt8(service.count)] + service
        let length = (Self.keyOffset + bytes.count + 7) & ~7
        let start = used
        let limit = key.login == .folded ? Self.bytesMax : Self.bytesMax - Self.reserveBytes
        guard start + length <= limit else { return nil }
        for index in 0..<length { file.bytes[start + index] = 0 }
        for (index, byte) in bytes.enumerated() {
            file.bytes[start + Self.keyOffset + index] = byte
        }
        store(start, UInt64(UInt32(length)) | UInt64(checksum(bytes)) << 32)
        // The record must stand before `used` says so: the compiler may not move this store up.
        atomicMemoryFence(ordering: .releasing)
        store(24, UInt64(start + length))
        records[key] = start
        return start
    }

    /// Reads the records of a ledger left behind; returns how many were torn by a power loss.
    private func index() -> Int {
        guard isStarted else { return 0 }
        var at = Self.headerBytes
        let end = min(used, file.bytes.count)
        while at + Self.keyOffset <= end {
            let word = load(at)
            let length = Int(UInt32(truncatingIfNeeded: word))
            guard length >= Self.keyOffset + 12, length % 8 == 0, at + length <= end,
                let key = readKey(at + Self.keyOffset, end: at + length),
                UInt32(truncatingIfNeeded: word >> 32) == checksum(key.bytes)
            else { return 1 }
            records[key.key] = at
            at += length
        }
        return at == end ? 0 : 1
    }

    private func readKey(_ start: Int, end: Int) -> (key: Key, bytes: [UInt8])? {
        let loginAt = start + 10
        let loginEnd = loginAt + 1 + Int(file.bytes[loginAt])
        guard loginEnd < end else { return nil }
        let serviceEnd = loginEnd + 1 + Int(file.bytes[loginEnd])
        guard serviceEnd <= end, let counter = Counter(byte: file.bytes[start + 8]),
            let login = String(validating: file.bytes[(loginAt + 1)..<loginEnd], as: UTF8.self),
            let service = String(validating: file.bytes[(loginEnd + 1)..<serviceEnd], as: UTF8.self)
        else { return nil }
        let hour = Int64(bitPattern: load(start))
        let key = Key(
            login: Login(unchecked: login), service: ServiceName(unchecked: service), hour: hour,
            window: file.bytes[start + 9] == 0 ? .office : .off, counter: counter)
        return (key, [UInt8](file.bytes[start..<serviceEnd]))
    }

    private func load(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: file.bytes.load(fromByteOffset: offset, as: UInt64.self))
    }

    private func store(_ offset: Int, _ value: UInt64) {
        file.bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}

/// Tells a whole key from a torn one (first 32 bits of its SHA-256); no protection against forgery.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    Digest.sha256(bytes).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
}
