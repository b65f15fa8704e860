import Glibc
import Platform
import Testing

@Suite("Tools and files that are only added to") struct ToolProcessTests {
    @Test("what a tool makes of a file is read to its end, however large") func output() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "a line of a text that is long enough\n", count: 20_000)
        let path = try folder.write("f", text)
        let source = try ToolOutput(of: "/bin/cat", [], reading: ByteSource(path), niceness: 5)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1000)
        while true {
            let count = try source.read(into: &piece)
            if count == 0 { break }
            bytes += piece[..<count]
        }
        try source.finish()
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test("a tool that fails, is killed or is not there is an error at the end or at once")
    func failures() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("f", "x")
        let failing = try ToolOutput(of: "/bin/false", [], reading: ByteSource(path), niceness: 0)
        var piece = [UInt8](repeating: 0, count: 10)
        #expect(try failing.read(into: &piece) == 0)
        #expect(throws: FileError.self) { try failing.finish() }
        #expect(throws: FileError.self) {
            try ToolOutput(of: "/nonexistent/x", [], reading: ByteSource(path), niceness: 0)
        }
        let sleeping = try ToolProcess(
            "/bin/sleep", ["600"], reading: ByteSource(path), output: 2, niceness: 19)
        #expect(sleeping.poll() == nil)
        sleeping.stop()
        #expect(sleeping.wait() == .killed(signal: SIGKILL))
    }

    @Test("a link, a folder, a second name or a pipe is not added to") func noLinks() throws {
        let folder = try TemporaryFolder()
        let real = try folder.write("real", "kept")
        symlink(real, folder.file("link"))
        mkfifo(folder.file("pipe"), 0o600)
        for name in ["link", "pipe", ".", "absent"] {
            #expect(throws: FileError.self) { try AppendFile.open(folder.file(name)) }
        }
        #expect(throws: FileError.self) { try AppendFile.create(folder.file("link")) }
        link(real, folder.file("second"))
        #expect(throws: FileError.self) { try AppendFile.open(real) }
        #expect(throws: FileError.self) { try ByteSource(folder.file("link")) }
        #expect(try Files.readText(real) == "kept")
    }

    @Test("what is added stands at the end; the tail reads back") func append() throws {
        let folder = try TemporaryFolder()
        let file = try AppendFile.create(folder.file("f"))
        try file.appendAll([UInt8]("one\n".utf8))
        let other = try AppendFile.open(folder.file("f"))
        try other.appendAll([UInt8]("two\n".utf8))
        try file.appendAll([UInt8]("three\n".utf8))
        try file.sync()
        #expect(try Files.readText(folder.file("f")) == "one\ntwo\nthree\n")
        #expect(try file.tail(6) == [UInt8]("three\n".utf8))
        #expect(try file.tail(600).count == file.size && !file.isGone)
        Files.remove(folder.file("f"))
        #expect(file.isGone)
    }
}
