import Platform
import Synchronization

/// The ids of the last counted queries, in a mapped file. With `onAgentDown: "pass"` the gateway lets a query through
/// when no answer came, and names its id; this file tells whether it was counted before the agent went down. Format:
/// docs/store-format.md.
///
///     header  64 bytes: magic, ids noted so far, and of the last one: ledger number, place of its record, count
///             before it, its number
///     id      24 bytes: two words of 64 bits, 1 allowed or 2 refused
///
/// `@unchecked Sendable`: it is reached only under the lock of `Checkpoint`.
final class RequestIDs: @unchecked Sendable {
    /// More than a gateway can have waiting for answers when the agent ends or hangs.
    static let countMax = 8192
    private static let magic: UInt64 = 0x3153_4449_544F_4843  // "CHOTIDS1"
    private static let headerBytes = 64
    private static let idBytes = 24

    private let file: MappedFile
    private var passed = PassedIDs()

    static func open(_ path: String) throws(FileError) -> RequestIDs {
        let bytes = headerBytes + countMax * idBytes
        if Files.size(path) == bytes {
            let ids = RequestIDs(try MappedFile.open(path))
            // No file holds as many ids; half a page was written.
            if ids.load(0) == magic, ids.load(8) < 1 << 62 { return ids }
        }
        Files.remove(path)
        let ids = RequestIDs(try MappedFile.create(path, count: bytes))
        ids.store(0, magic)
        return ids
    }

    private init(_ file: MappedFile) { self.file = file }

    private var count: Int { Int(truncatingIfNeeded: load(8)) }

    /// Notes an id. Call it just before the query is counted in the record at `place`, whose count is `before`.
    func note(_ id: RequestID, allowed: Bool, ledger: Int64, place: Int, before: UInt64) {
        // This word is stored first: while those below are half changed, they must not settle the last id.
        store(40, UInt64(count + 1))
        atomicMemoryFence(ordering: .releasing)
        let at = offset(count)
        store(at, id.high)
        store(at + 8, id.low)
        store(at + 16, allowed ? 1 : 2)
        store(16, UInt64(bitPattern: ledger))
        store(24, UInt64(place))
        store(32, before)
        atomicMemoryFence(ordering: .releasing)
        store(8, UInt64(count + 1))
        atomicMemoryFence(ordering: .releasing)
    }

    /// Settles the last id after a crash, since an id is noted before its query is counted. `countAt` returns the count
    /// of the record in that ledger; nil when the ledger is gone, which means that the query was counted. It takes away
    /// at most that one id, however often starts fail and call it again: the id before it has another number.
    func settleLast(_ countAt: (_ ledger: Int64, _ place: Int) -> UInt64?) {
        guard count > 0, load(40) == UInt64(count) else { return }
        let now = countAt(Int64(bitPattern: load(16)), Int(truncatingIfNeeded: load(24)))
        if now == load(32) { store(8, UInt64(count - 1)) }
    }

    enum Fate { case allowed, refused }

    /// What became of a query; nil when it is not among the last.
    func fate(of id: RequestID) -> Fate? {
        for back in 0..<min(count, Self.countMax) {
            let at = offset(count - 1 - back)
            if load(at) == id.high, load(at + 8) == id.low {
                return load(at + 16) == 1 ? .allowed : .refused
            }
        }
        return nil
    }

    /// Notes an id that passed. `monotonic`: milliseconds on a clock that only goes forward.
    func notePassed(_ id: RequestID, at monotonic: Int64) { passed.insert(id, at: monotonic) }

    func forgetPassed(at monotonic: Int64) { passed.forget(at: monotonic) }

    func hasPassed(_ id: RequestID) -> Bool { passed.contains(id) }

    private func offset(_ number: Int) -> Int {
        Self.headerBytes + number % Self.countMax * Self.idBytes
    }

    private func load(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: file.bytes.load(fromByteOffset: offset, as: UInt64.self))
    }

    private func store(_ offset: Int, _ value: UInt64) {
        file.bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}

/// nginx's `$request_id`: 16 random bytes, as 32 hexadecimal digits.
struct RequestID: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        (self.high, self.low) = (high, low)
    }
}
