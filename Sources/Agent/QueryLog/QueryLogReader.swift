import Glibc
import Platform

/// Gives the lines of one file of the query log in their order, in a fixed amount of memory.
struct QueryLogReader {
    /// Lines that a crash cut off and a later start marked as such.
    private(set) var tornLines = 0
    /// Lines longer than any that we write.
    private(set) var overlongLines = 0
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)

    /// Opens a file, compressed or not. `niceness` lowers gzip's priority.
    static func open(_ path: String, gzip: String, niceness: Int = 0) throws(FileError)
        -> ByteSource
    {
        guard path.hasSuffix(QueryLogName.packed) else { return try ByteSource(path) }
        return try unpack(path, gzip: gzip, niceness: niceness)
    }

    static func unpack(_ path: String, gzip: String, niceness: Int) throws(FileError) -> ByteSource
    {
        try ToolOutput(of: gzip, ["-dc"], reading: try ByteSource(path), niceness: niceness)
    }

    /// Calls `take` for each whole line without its newline, `#` lines included, until it returns false; between two
    /// reads it asks `mayGoOn`. The last line counts only with its newline, since it may still be being written.
    mutating func read(
        _ source: ByteSource, mayGoOn: () -> Bool = { true },
        take: (UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws {
        var pending: Range<Int>?
        var start = 0
        var filled = 0
        var isSkipping = false
        while mayGoOn() {
            let keep = pending?.lowerBound ?? start
            if keep > 0 {
                buffer.withUnsafeMutableBytes {
                    $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[keep..<filled]))
                }
                pending = pending.map { $0.lowerBound - keep..<$0.upperBound - keep }
                (start, filled) = (start - keep, filled - keep)
            }
            if filled == buffer.count {
                // A line that fills the buffer is none of ours.
                isSkipping = true
                filled = start
            }
            let count = try source.read(into: &buffer, from: filled)
            if count == 0 {
                if let pending, try !give(pending, take) { return }
                return try source.finish()
            }
            let end = filled + count
            while let newline = newline(in: filled..<end) {
                let line = start..<newline
                start = newline + 1
                filled = start
                if let waiting = pending {
                    pending = nil
                    if isTornMark(line) {
                        tornLines += 1
                    } else if try !give(waiting, take) {
                        return
                    }
                }
                if isSkipping || line.count > QueryLogSchema.lineBytesMax {
                    isSkipping = false
                    overlongLines += 1
                } else {
                    pending = line
                }
            }
            filled = end
        }
    }

    private func newline(in range: Range<Int>) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(
                    base + range.lowerBound, Int32(QueryLogSchema.newline), range.count)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private func isTornMark(_ line: Range<Int>) -> Bool {
        buffer[line].starts(with: "#torn\t".utf8)
    }

    private func give(
        _ line: Range<Int>, _ take: (UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws -> Bool {
        try buffer.withUnsafeBufferPointer { try take(UnsafeBufferPointer(rebasing: $0[line])) }
    }
}
