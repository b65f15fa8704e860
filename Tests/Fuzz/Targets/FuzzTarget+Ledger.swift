import Domain
import Glibc
import Platform

@testable import Agent

extension FuzzTarget {
    /// Ledger files as a crash may leave them. Recovery counts what whole records say and never more.
    ///
    /// The first byte is an order: bit 0 makes the header good, bit 1 the checksums, so that the search gets past
    /// them; bit 2 then spoils one byte again.
    static let ledger = FuzzTarget(
        "ledger",
        words: [
            "CHOTLDG3", "\u{0}\u{0}\u{0}\u{0}", "\u{40}\u{0}\u{0}\u{0}", "canbo1", "TraCuu",
            "*other",
        ], bytesMax: 2048
    ) { bytes in
        guard bytes.count > 8 else { return }
        let file = image(bytes)
        let path = try Fuzz.folder("ledger") + "/1"
        try write(file, path)
        let (ledger, torn) = try LedgerFile.recover(path)
        try promise((0...1).contains(torn), "\(torn) torn")
        _ = (ledger.isForeign, ledger.from, ledger.to, ledger.isHalfFull)
        var whole = ledger.isStarted ? wholeRecords(file) : [:]
        // A count that the crash interrupted is completed from the journal.
        let place = Int(truncatingIfNeeded: load(file, 72))
        if load(file, 64) == 1, let count = whole[place] {
            whole[place] = max(count, load(file, 80))
        }
        let sum = ledger.rows().reduce(into: Double(0)) { sum, row in
            let counts = [row.allowed, row.passed] + row.denied.values + row.would.values
            sum += counts.reduce(Double(0)) { $0 + Double($1) }
        }
        let most = whole.values.reduce(Double(0)) { $0 + Double($1) }
        try promise(sum <= most * 1.000_001, "\(sum) counted; whole records tell of \(most)")
        try promise(ledger.recordCount <= whole.count, "more records than are whole")
        // What was recovered is recovered again.
        let again = try LedgerFile.recover(path)
        try promise(
            again.ledger.rows() == ledger.rows() && again.torn == torn, "the second time differs")
    }

    /// After eight bytes of orders the first 256 of the header, then the records.
    private static func image(_ bytes: [UInt8]) -> [UInt8] {
        let order = bytes[0]
        let rest = Array(bytes.dropFirst(8))
        var file = Array(rest.prefix(256))
        file += [UInt8](repeating: 0, count: headerBytes - file.count) + rest.dropFirst(256)
        let end = file.count
        file += [UInt8](repeating: 0, count: 4096 - end % 4096)
        if order & 1 != 0 {
            store(&file, 0, 0x3347_444C_544F_4843)
            store(&file, 24, UInt64(end))
        }
        if order & 2 != 0 {
            eachRecord(file) { at, key, _ in
                let sum = checksum(file[key])
                for place in 0..<4 {
                    file[at + 4 + place] = UInt8(truncatingIfNeeded: sum >> (8 * place))
                }
                return true
            }
        }
        if order & 4 != 0 {
            file[(Int(bytes[1]) | Int(bytes[2]) << 8) % end] ^= bytes[3]
        }
        return file
    }

    /// Counts by place, of the records up to the first that is not whole: an own reading of
    /// docs/store-format.md.
    private static func wholeRecords(_ file: [UInt8]) -> [Int: UInt64] {
        var counts: [Int: UInt64] = [:]
        eachRecord(file) { at, key, count in
            let sum = (0..<4).reduce(UInt32(0)) {
                $0 | UInt32(file[at + 4 + $1]) << (8 * UInt32($1))
            }
            guard sum == checksum(file[key]) else { return false }
            counts[at] = count
            return true
        }
        return counts
    }

    /// Calls with the place of each record, that of its key, and its count; until it says false.
    private static func eachRecord(
        _ file: [UInt8], _ body: (Int, Range<Int>, UInt64) -> Bool
    ) {
        var at = headerBytes
        let end = Int(min(load(file, 24), UInt64(file.count)))
        while at + 16 <= end {
            let length = Int(UInt32(truncatingIfNeeded: load(file, at)))
            guard length >= 28, length % 8 == 0, at + length <= end else { return }
            let login = at + 26 + 1 + Int(file[at + 26])
            guard login < at + length else { return }
            let service = login + 1 + Int(file[login])
            guard service <= at + length,
                body(at, at + 16..<service, load(file, at + 8))
            else { return }
            at += length
        }
    }

    private static let headerBytes = 4096

    private static func checksum(_ key: ArraySlice<UInt8>) -> UInt32 {
        Digest.sha256(Array(key)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func load(_ file: [UInt8], _ at: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(file[at + $1]) << (8 * UInt64($1)) }
    }

    private static func store(_ file: inout [UInt8], _ at: Int, _ value: UInt64) {
        for place in 0..<8 { file[at + place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        try promise(count == bytes.count, "cannot write \(path)")
    }
}
