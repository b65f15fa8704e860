import CLinux
import Glibc

/// Reads a file from its start, piece by piece. It is closed with its last reference. One thread at a time.
public class ByteSource {
    public let path: String
    fileprivate let descriptor: Int32

    /// Opens a plain file; a link or a folder is refused.
    public convenience init(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileKind.refused(path, .open, errno) }
        do { try Files.checkRegular(descriptor, path, .open) } catch {
            close(descriptor)
            throw error
        }
        self.init(path: path, descriptor: descriptor)
    }

    fileprivate init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Puts the next bytes into `buffer` from `place` on. Returns how many, 0 at the end.
    public func read(into buffer: inout [UInt8], from place: Int = 0) throws(FileError) -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[place...])
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path: path, action: .read, errno: errno) }
            return count
        }
    }

    /// Reads until the buffer is full or the end is reached. Returns how many bytes it read.
    public func fill(_ buffer: inout [UInt8]) throws(FileError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: &buffer, from: filled)
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Throws when the bytes that were read are not all there are.
    public func finish() throws(FileError) {}

    /// The descriptor, for a tool that reads it as its input.
    var rawDescriptor: Int32 { descriptor }
}

/// The output of a tool that reads a file, such as `gzip -dc`. The tool is killed when nobody reads any more.
public final class ToolOutput: ByteSource {
    private let tool: ToolProcess

    /// `program` is an absolute path; it gets the file as standard input. `niceness` is 0…19.
    public init(
        of program: String, _ arguments: [String], reading source: ByteSource, niceness: Int
    )
        throws(FileError)
    {
        var ends: [Int32] = [-1, -1]
        guard chot_pipe(&ends) == 0 else {
            throw FileError(path: source.path, action: .pipe, errno: errno)
        }
        defer { close(ends[1]) }
        do {
            tool = try ToolProcess(
                program, arguments, reading: source, output: ends[1], niceness: niceness)
        } catch {
            close(ends[0])
            throw error
        }
        super.init(path: source.path, descriptor: ends[0])
    }

    /// Call it at the end of the bytes: a tool that failed gave fewer than there are.
    public override func finish() throws(FileError) {
        let outcome = tool.wait()
        guard outcome == .ended(status: 0) else {
            throw FileError(
                path: path, action: .unpack, detail: "\(tool.program): \(outcome)",
                vi: "\(tool.program): \(outcome.vietnamese)")
        }
    }
}
