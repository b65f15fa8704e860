import Domain
import Platform
import Synchronization

/// One interval's counters in a mapped, preallocated file: counting a query is a few stores to
/// memory, with no system call, and `kill -9` loses none of them. Format: docs/store-format.md.
///
///     header  4096 bytes: magic, from, last event, used bytes, closed at (0 while open);
///             then the cursors of followed logs and their journal (`LedgerFile+Cursors`)
///     record  u32 length | u32 checksum of the key | u64 count
///             | key: hour i64, counter u8, window u8, login, service (each u8 length, bytes)
///
/// A record is written whole before `used` moves past it, so a crash leaves either all of it or none.
///
/// `@unchecked Sendable`: reached only under the lock of `Checkpoint` while it is current, and only by
/// the sealing thread afterwards; `sync` touches the descriptor alone.
final class LedgerFile: @unchecked Sendable {
    typealias Counter = LedgerCounter

    static let magic: UInt64 = 0x3347_444C_544F_4843  // "CHOTLDG3"
    static let bytesMax = 8 << 20
    static let headerBytes = 4096
    /// Room kept for the rows into which too many others are folded.
    static let reserveBytes = 64 << 10
    /// What one query can take at most: 12 records of the longest names.
    private static let queryBytesMax = 8 << 10
    static let countOffset = 8
    /// More than an interval can count, and than a collector takes (`AgentQuota`): half a page was written.
    static let countMax: UInt64 = 1 << 30
    static let keyOffset = 16

    let path: String
    let file: MappedFile
    /// Where records stand, found by their keys.
    var index = LedgerIndex()

    /// A fresh, empty ledger.
    static func create(_ path: String, bytes: Int = bytesMax) throws(FileError) -> LedgerFile {
        LedgerFile(path, try MappedFile.create(path, count: bytes))
    }

    /// The ledger that a crash left behind; `torn` counts records that cannot be trusted.
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
    /// Neither fresh nor of this format: another version's, or damaged.
    var isForeign: Bool { load(0) != 0 && !isStarted }
    var from: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(8))) }
    var lastEvent: Timestamp { Timestamp(milliseconds: Int64(bitPattern: load(16))) }
    var used: Int { Int(truncatingIfNeeded: load(24)) }
    var recordCount: Int { index.count }
    /// More than half full: better sealed soon.
    var isHalfFull: Bool { used > file.bytes.count / 2 }
    /// Whether every record of one more query fits without the reserve.
    var hasRoom: Bool { used + Self.queryBytesMax <= file.bytes.count - Self.reserveBytes }

    /// Where the interval ends: where it was cut, or the last sign of life before a crash.
    var to: Timestamp {
        let closed = Int64(bitPattern: load(32))
        if closed > 0 { return Timestamp(milliseconds: closed) }
        // What counts something has a length, so that telling it twice overlaps.
        return max(from.advanced(byMilliseconds: recordCount > 0 ? 1 : 0), lastEvent)
    }

    /// Nothing was counted, and the agent was not seen alive: it tells nothing.
    var isUntouched: Bool { recordCount == 0 && to == from }

    func close(at to: Timestamp) { store(32, UInt64(bitPattern: to.milliseconds)) }

    /// `cursors`: where the ledger before this one stood in the followed logs; nil: as they are here.
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

    /// Adds one to each counter of a row: to all of them, or, when there is no room for a new one, to
    /// none (false).
    func add(_ query: Query, window: WindowKind, counters: [Counter]) -> Bool {
        guard let places = places(of: query, window, counters) else { return false }
        for place in places { bump(place) }
        touch(query.at)
        return true
    }

    /// Where the records of a row's counters stand, each made if need be; nil: no room for one of them.
    func places(of query: Query, _ window: WindowKind, _ counters: [Counter]) -> [Int]? {
        var places: [Int] = []
        for counter in counters {
            guard let place = place(of: query, window, counter) else { return nil }
            places.append(place)
        }
        return places
    }

    /// What the record at `place` holds; nil: there is none.
    func count(at place: Int) -> UInt64? {
        index.contains(place: place) ? load(place + Self.countOffset) : nil
    }

    /// Adds one to the record at `place`, which `place(of:)` gave.
    func bump(_ place: Int) {
        store(place + Self.countOffset, load(place + Self.countOffset) &+ 1)
    }

    /// May run while counting goes on: the kernel writes the pages as they are.
    func sync() throws(FileError) { try file.sync() }

    func load(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: file.bytes.load(fromByteOffset: offset, as: UInt64.self))
    }

    func store(_ offset: Int, _ value: UInt64) {
        file.bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
