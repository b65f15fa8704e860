import Domain
import Platform

extension Summary {
    /// The first 16 bytes of the SHA-256 of what a summary counts: which part of its seal it is, and its rows in their
    /// order. The same under another number, as an agent tells again what was taken without its hearing of it.
    /// Made before the transaction, so that there one look-up says whether a time was counted with these rows.
    package var contentDigest: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + rows.count * 64)
        bytes.add(Int64(part.n))
        bytes.add(Int64(part.of))
        var hour: Int64 = 0
        for row in rows {
            bytes.add(row.login.rawValue)
            bytes.add(row.service.rawValue)
            // Of a summary's rows most are of one hour: what follows the same is one byte.
            bytes.add(row.hour.milliseconds ^ hour)
            hour = row.hour.milliseconds
            bytes.append(row.window == .office ? 0 : 1)
            bytes.add(row.allowed)
            bytes.add(row.passed)
            for counts in [row.denied, row.would] {
                bytes.add(Int64(counts.count))
                // Most often there are none.
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
    /// Seven bits a byte, the low ones first; the last byte is below 128. So no two lists of numbers give the same bytes.
    fileprivate mutating func add(_ number: Int64) {
        var rest = UInt64(bitPattern: number)
        while rest > 0x7F {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// With its length, so that no two lists of names give the same bytes.
    fileprivate mutating func add(_ text: String) {
        add(Int64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
