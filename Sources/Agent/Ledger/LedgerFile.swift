import Domain
import Platform
import Synchronization

/// The counters of one interval in a mapped, preallocated file. Counting a query takes a few stores to memory and no
/// system call, and `kill -9` loses none of them. Format: docs/store-format.md.
///
///     header  4096 bytes: magic, from, last event, used bytes, closed at (0 while open);
///             then the cursors of followed logs and their journal (`LedgerFile+Cursors`)
///     record  u32 length | u32 checksum of the key | u64 count
///             | key: hour i64, counter u8, window u8, login, service (each u8 length, bytes)
///
/// A record is written whole before `used` moves past it, so a crash leaves either all of it or none.
///
/// `@unchecked Sendable`: while it is current it is reached only under the lock of `Checkpoint`, and afterwards only
/// by the sealing thread; `sync` touches only the descriptor.
final class LedgerFile: @unchecked Sendable {
    typealias Counter = LedgerCounter

    static let magic: UInt64 = 0x3347_444C_544F_4843  // "CHOTLDG3"
    static let bytesMax = 8 << 20
    static let headerBytes = 4096
    /// The room kept for the rows into which others are folded when the ledger is full.
    static let reserveBytes = 64 << 10
    /// The most that one query can take: 12 records of the longest names.
    private static let queryBytesMax = 8 << 10
    static let countOffset = 8
    /// More than an interval can count and a collector takes (`AgentQuota`). Beyond it half a page was written.
    static let countMax: UInt64 = 1 << 30
    static let keyOffset = 16

    let path: String
    let file: MappedFile
    /// Finds records by their keys.
    var index = LedgerIndex()

    /// Makes a fresh, empty ledger.
    static func create(_ path: String, bytes: Int = bytesMax) throws(FileError) -> LedgerFile {
        LedgerFile(path, try MappedFile.create(path, count: bytes))
    }

    /// Opens the ledger that a crash left behind. `torn` counts records that cannot be trusted.
    static func recover(_ path: String) throws(FileError) -> (ledger: LedgerFile, torn: Int) {
        let ledger = LedgerFile(path, try MappedFile.open(path))
        guard ledger.file.bytes.count >= headerBytes else { return (ledger, 0) }
        let torn = ledger.readIndex()
        ledger.redoJournal()
        return (ledger, ledger.hasAbsurdCount ? 1 : torn)
    }

    private init(_ path: String, _ file: MappedFile) {
        self.path = path
        self.file = file
    }

    var isStarted: Bool { load(0) == Self.magic }
    /// Whether the file is neither fresh nor of this format: another version made it, or it is damaged.
    var isForeign: Bool { load(0) != 0 && !isStarted }
    var from: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(8))) }
    var lastEvent: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(16))) }
    var used: Int { Int(truncatingIfNeeded: load(24)) }
    var recordCount: Int { index.count }
    /// Whether the ledger is more than half full, so that it should be sealed soon.
    var isHalfFull: Bool { used > file.bytes.count / 2 }
    /// Whether every record of one more query fits without the reserve.
    var hasRoom: Bool { used + Self.queryBytesMax <= file.bytes.count - Self.reserveBytes }

    /// The end of the interval: where it was cut, or the last sign of life before a crash.
    var to: Timestamp {
        let closed = Int64(bitPattern: load(32))
        if closed > 0 { return Timestamp(milliseconds: closed) }
        // An interval that counts something lasts a millisecond at least, so that telling it twice overlaps.
        return max(from.advanced(byMilliseconds: recordCount > 0 ? 1 : 0), lastEvent)
    }

    /// Whether nothing was counted and the agent was never seen alive; such a ledger tells nothing.
    var isUntouched: Bool { recordCount == 0 && to == from }

    func close(at to: Timestamp) { store(32, UInt64(bitPattern: to.milliseconds)) }

    /// Begins the interval. `cursors` is the ledger whose places in followed logs are taken over; nil keeps those here.
    func start(at from: Timestamp, cursors: LedgerFile? = nil) {
        if let cursors { copyCursors(of: cursors) }
        store(8, UInt64(bitPattern: from.milliseconds))
        store(16, UInt64(bitPattern: from.milliseconds))
        store(24, UInt64(Self.headerBytes))
        atomicMemoryFence(ordering: .releasing)
        store(0, Self.magic)
    }

    /// Notes that the agent was alive at this moment, so that a crash leaves a true end.
    func touch(_ time: Timestamp) {
        if time.milliseconds > Int64(bitPattern: load(16)) {
            store(16, UInt64(bitPattern: time.milliseconds))
        }
    }

    /// Adds one to each counter of a row. When there is no room for a new record it adds to none and returns false.
    func add(_ query: Query, window: WindowKind, counters: [Counter]) -> Bool {
        guard let places = places(of: query, window, counters) else { return false }
        for place in places { bump(place) }
        touch(query.at)
        return true
    }

    /// The places of the records of a row's counters, made if need be; nil when there is no room for one of them.
    func places(of query: Query, _ window: WindowKind, _ counters: [Counter]) -> [Int]? {
        var places: [Int] = []
        for counter in counters {
            guard let place = place(of: query, window, counter) else { return nil }
            places.append(place)
        }
        return places
    }

    /// The count of the record at `place`; nil when there is no record.
    func count(at place: Int) -> UInt64? {
        index.contains(place: place) ? load(place + Self.countOffset) : nil
    }

    /// Adds one to the record at a `place` that `place(of:)` gave.
    func bump(_ place: Int) {
        store(place + Self.countOffset, load(place + Self.countOffset) &+ 1)
    }

    /// Waits for the disk. It may run while counting goes on: the kernel writes the pages as they are.
    func sync() throws(FileError) { try file.sync() }

    func load(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: file.bytes.load(fromByteOffset: offset, as: UInt64.self))
    }

    func store(_ offset: Int, _ value: UInt64) {
        file.bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
