import Platform
import Wire

/// One archive of many signed summaries of one agent. Each of them can be unpacked byte for byte.
///
/// Signed content repeats from minute to minute, but base64url hides that, so header, payload and signature are kept as
/// the bytes they decode to. A text that is not the canonical encoding of its bytes is refused. Entries: `index` (one
/// line a summary: number, place of the header, length of the payload), `headers` (a line each), `payloads`,
/// `signatures` (64 bytes each).
package enum EvidenceBlock {
    /// The most summaries in a block. One transaction moves at most as many.
    package static let countMax = 240
    /// The most bytes of signed texts in a block.
    package static let bytesMax = 4 << 20
    package static let limits = ZipLimits(
        archiveBytesMax: 8 << 20, entriesMax: 4, entryBytesMax: 8 << 20, totalBytesMax: 16 << 20)

    package struct Problem: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    package struct Parts: Equatable {
        package let header: [UInt8]
        package let payload: [UInt8]
        package let signature: [UInt8]

        /// Returns nil if the text could not be restored byte for byte.
        package init?(_ jws: String) {
            let pieces = [UInt8](jws.utf8).split(separator: 0x2E, omittingEmptySubsequences: false)
            guard pieces.count == 3, let header = Base64URL.decode(pieces[0]),
                let payload = Base64URL.decode(pieces[1]),
                let signature = Base64URL.decode(pieces[2]),
                signature.count == 64, !header.contains(10), header.count <= 1024
            else { return nil }
            self.init(header: header, payload: payload, signature: signature)
            guard text == jws else { return nil }
        }

        package init(header: [UInt8], payload: [UInt8], signature: [UInt8]) {
            self.header = header
            self.payload = payload
            self.signature = signature
        }

        package var text: String {
            [header, payload, signature].map(Base64URL.encode).joined(separator: ".")
        }
    }

    static func canHold(_ jws: String) -> Bool { Parts(jws) != nil }

    /// Throws if one of the summaries cannot be restored byte for byte.
    package static func pack(_ summaries: [(seq: Int64, jws: String)]) throws -> [UInt8] {
        var headers: [[UInt8]] = []
        var index = ""
        var payloads: [UInt8] = []
        var signatures: [UInt8] = []
        for (seq, jws) in summaries {
            guard let parts = Parts(jws) else {
                throw Problem(description: "summary \(seq) is not in canonical base64url")
            }
            let place = headers.firstIndex(of: parts.header) ?? headers.count
            if place == headers.count { headers.append(parts.header) }
            index += "\(seq) \(place) \(parts.payload.count)\n"
            payloads += parts.payload
            signatures += parts.signature
        }
        return try ZipArchive.pack(
            [
                ZipEntry(name: "index", bytes: [UInt8](index.utf8)),
                ZipEntry(name: "headers", bytes: [UInt8](headers.joined(separator: [10]))),
                ZipEntry(name: "payloads", bytes: payloads),
                ZipEntry(name: "signatures", bytes: signatures),
            ], .bzip2)
    }

    /// Returns the signed texts by their numbers. Throws if the archive is damaged.
    package static func unpack(_ archive: [UInt8]) throws -> [Int64: String] {
        let entries = try ZipArchive.unpack(archive, limits)
        guard entries.map(\.name) == ["index", "headers", "payloads", "signatures"] else {
            throw Problem(description: "it has other entries than a block of summaries")
        }
        let headers = entries[1].bytes.split(separator: 10, omittingEmptySubsequences: false)
        let (payloads, signatures) = (entries[2].bytes, entries[3].bytes)
        var found: [Int64: String] = [:]
        var at = 0
        for (number, line) in entries[0].bytes.split(separator: 10).enumerated() {
            let fields = line.split(separator: 32).map {
                Int64(String(decoding: $0, as: UTF8.self))
            }
            guard fields.count == 3, let seq = fields[0], let place = fields[1],
                let length = fields[2], headers.indices.contains(Int(clamping: place)),
                (0...Int64(payloads.count - at)).contains(length),
                signatures.count >= 64 * (number + 1)
            else { throw Problem(description: "line \(number + 1) of its index fits nothing") }
            let end = at + Int(length)
            found[seq] =
                Parts(
                    header: Array(headers[Int(place)]), payload: Array(payloads[at..<end]),
                    signature: Array(signatures[(64 * number)..<(64 * (number + 1))])
                ).text
            at = end
        }
        guard at == payloads.count, signatures.count == 64 * found.count else {
            throw Problem(description: "its index does not fit its payloads")
        }
        return found
    }
}
