import Domain
import Glibc
import Platform

/// Compresses a finished file with gzip, and deletes the plain one once the compressed one reads back the same. A
/// crash at any step leaves the plain file, or both whole; a search then reads the plain one.
struct QueryLogPacker {
    static let niceness = 15

    let folder: QueryLogFolder
    let gzip: String
    /// Called several times a second while gzip works; false ends the work, which starts over another time.
    let pulse: (_ milliseconds: Int64) -> Bool

    /// Returns true when only the compressed file is left.
    func pack(_ name: QueryLogName) throws -> Bool {
        let (plain, packed) = (folder.plain(name), folder.packed(name))
        if Files.exists(packed) {
            // A crash came before the plain file was deleted.
            guard let isSame = try compare(plain, packed) else { return false }
            if isSame {
                remove(plain)
                return true
            }
            Log.warning(
                "a compressed file of the query log is not what it was made of; it is made anew",
                ["file": packed])
            Files.remove(packed)
        }
        let half = folder.halfPacked(name)
        Files.remove(half)
        defer { Files.remove(half) }
        guard try compress(plain, into: half), let isSame = try compare(plain, half) else {
            return false
        }
        guard isSame else {
            throw FileError(
                path: plain, action: .compress, detail: "\(gzip) gave something else back",
                vi: "giải nén lại bằng \(gzip) cho nội dung khác")
        }
        try Files.move(half, to: packed)
        remove(plain)
        return true
    }

    private func remove(_ plain: String) {
        Files.remove(plain)
        Files.syncFolder(of: plain)
    }

    private func compress(_ plain: String, into half: String) throws -> Bool {
        let source = try ByteSource(plain)
        let target = try AppendFile.create(half)
        let tool = try target.withDescriptor { output throws(FileError) in
            try ToolProcess(
                gzip, ["-c", "-n"], reading: source, output: output, niceness: Self.niceness)
        }
        while true {
            if let outcome = tool.poll() {
                guard outcome == .ended(status: 0) else {
                    throw FileError(
                        path: plain, action: .compress, detail: "\(gzip): \(outcome)",
                        vi: "\(gzip): \(outcome.vietnamese)")
                }
                try target.sync()
                return true
            }
            guard pulse(50) else { return false }
        }
    }

    /// Whether the compressed file holds the same as the plain one; nil when stopped in between.
    private func compare(_ plain: String, _ packed: String) throws -> Bool? {
        let one = try ByteSource(plain)
        let other = try QueryLogReader.unpack(packed, gzip: gzip, niceness: Self.niceness)
        var (left, right) = ([UInt8](repeating: 0, count: 128 << 10), [UInt8]())
        right = left
        while true {
            let (count, same) = (try one.fill(&left), try other.fill(&right))
            guard count == same, left[..<count] == right[..<same] else { return false }
            if count == 0 { break }
            guard pulse(0) else { return nil }
        }
        do {
            try other.finish()
        } catch {
            return false
        }
        return true
    }
}
