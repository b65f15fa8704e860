import Domain
import Glibc
import Platform

/// Counts the lines of log files by account, service and window. Memory is bounded: beyond `KeyTable.keysMax`
/// distinct keys the rest is counted under `*other`, and the report says so. One thread at a time.
final class LogCounting {
    struct Totals: Equatable {
        /// Lines that were looked at, without the empty ones.
        var lines: Int64 = 0
        var counted: Int64 = 0
        /// Counted lines that are under `*other`.
        var folded: Int64 = 0
    }

    let format: LogFormat
    let key: CountKey
    let table: KeyTable
    private(set) var totals = Totals()
    private(set) var bad = BadLines()
    private let reader: LineReader
    private let scanner = LineScanner()
    private let batch: KeyBatch

    init(
        format: LogFormat, account: LogExpression, service: LogExpression, by: [CountColumn],
        keysMax: Int = KeyTable.keysMax
    ) throws(LogFormatError) {
        self.format = format
        reader = try LineReader(
            format, account: account, service: service,
            needsTime: by.contains { $0.needsTime })
        guard !by.contains(.status) || reader.hasStatus else { throw .init("has no $status") }
        key = CountKey(columns: by)
        table = KeyTable(keysMax: keysMax)
        batch = KeyBatch(keyBytesMax: key.bytesMax)
    }

    /// Reads to the end. A last line without a line end counts like any other.
    func read(_ descriptor: Int32, path: String) throws(FileError) {
        scanner.reset(at: 0)
        while true {
            countWhole()
            let got = scanner.refill { target, count in
                while true {
                    let got = Glibc.read(descriptor, target, count)
                    if got >= 0 || errno != EINTR { return got }
                }
            }
            guard got >= 0 else { throw FileError(path: path, action: .read, errno: errno) }
            if got == 0 { break }
        }
        switch scanner.rest() {
        case .line(let line): count(line)
        case .tooLong(let head): noteTooLong(head)
        case .none: break
        }
        scanner.takeRest()
        addBatch()
    }

    private func countWhole() {
        while true {
            switch scanner.next() {
            case .line(let line): count(line)
            case .tooLong(let head): noteTooLong(head)
            case .none: return
            }
            scanner.take()
        }
    }

    @inline(__always)
    private func count(_ line: UnsafeRawBufferPointer) {
        guard !line.isEmpty else { return }
        totals.lines &+= 1
        if let fault = reader.read(line) {
            bad.note(fault, line, format)
            return
        }
        totals.counted &+= 1
        let length = key.make(reader, line, into: batch.free)
        batch.append(length, hash: table.hash(batch.free, length))
        if batch.isFull { addBatch() }
    }

    private func addBatch() {
        table.touch(batch.hashes, batch.count)
        for index in 0..<batch.count {
            let (start, length) = batch.key(index)
            guard !table.add(start, length, hash: batch.hashes[index]) else { continue }
            totals.folded += 1
            let key = key.folded(UnsafeRawBufferPointer(start: start, count: length))
            fold(key)
        }
        batch.clear()
    }

    private func fold(_ key: [UInt8]) {
        var padded = key + [UInt8](repeating: 0, count: KeyTable.padding)
        padded.withUnsafeMutableBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            _ = table.add(
                start, key.count, hash: table.hash(start, key.count), isForced: true)
        }
    }

    private func noteTooLong(_ head: UnsafeRawBufferPointer) {
        totals.lines += 1
        bad.note(.tooLong, head, format)
    }
}

/// A batch of keys that are counted together. One thread at a time.
private final class KeyBatch {
    private static let keysMax = 64
    private static let bytesMax = 16 << 10

    private let bytes: UnsafeMutablePointer<UInt8>
    private let ends: UnsafeMutablePointer<Int>
    let hashes: UnsafeMutablePointer<UInt64>
    private(set) var count = 0
    private var used = 0

    init(keyBytesMax: Int) {
        bytes = .allocate(capacity: Self.bytesMax + keyBytesMax + KeyTable.padding)
        ends = .allocate(capacity: Self.keysMax + 1)
        ends.initialize(repeating: 0, count: Self.keysMax + 1)
        hashes = .allocate(capacity: Self.keysMax)
        hashes.initialize(repeating: 0, count: Self.keysMax)
    }

    deinit {
        bytes.deallocate()
        ends.deallocate()
        hashes.deallocate()
    }

    var isFull: Bool { count == Self.keysMax || used > Self.bytesMax }

    /// Where the next key must be written.
    var free: UnsafeMutablePointer<UInt8> { bytes + used }

    @inline(__always)
    func append(_ length: Int, hash: UInt64) {
        hashes[count] = hash
        used &+= length
        count &+= 1
        ends[count] = used
    }

    func key(_ index: Int) -> (UnsafeMutablePointer<UInt8>, Int) {
        (bytes + ends[index], ends[index + 1] - ends[index])
    }

    func clear() {
        count = 0
        used = 0
    }
}
