import Domain
import Platform

extension Summary {
    /// The first 16 bytes of the SHA-256 of what a summary counts: its part of the seal, and its rows in order. It is
    /// the same under another number, because an agent that never heard that a summary was taken tells its content
    /// again. It is computed before the transaction, so that one look-up there says whether a time was counted with
    /// these rows.
    package var contentDigest: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + rows.count * 64)
        bytes.add(Int64(part.n))
        bytes.add(Int64(part.of))
        var hour: Int64 = 0
        for row in rows {
            bytes.add(row.login.rawValue)
            bytes.add(row.service.rawValue)
            // Most rows of a summary are of one hour, so the XOR with the hour before is usually one zero byte.
            bytes.add(row.hour.milliseconds ^ hour)
            hour = row.hour.milliseconds
            bytes.append(row.window == .office ? 0 : 1)
            bytes.add(row.allowed)
            bytes.add(row.passed)
            for counts in [row.denied, row.would] {
                bytes.add(Int64(counts.count))
                // A row seldom has any refusals.
                guard !counts.isEmpty else { continue }
                for (reason, count) in counts.sorted(by: { $0.key < $1.key }) {
                    bytes.add(reason)
                    bytes.add(count)
                }
            }
        }
        return Array(Digest.sha256(bytes).prefix(16))
    }
}

extension [UInt8] {
    /// Writes seven bits a byte, the low ones first; the last byte is below 128. So no two lists of numbers give the
    /// same bytes.
    fileprivate mutating func add(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// Writes the length first, so that no two lists of names give the same bytes.
    fileprivate mutating func add(_ text: String) {
        add(Int64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
