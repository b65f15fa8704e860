import Glibc
import Platform
import Testing

@Suite("MappedFile")
struct MappedFileTests {
    @Test("what was stored is read back after it is opened again")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        do {
            let file = try MappedFile.create(folder.file("m"), count: 8192)
            #expect(file.bytes.count == 8192)
            #expect(file.bytes.allSatisfy { $0 == 0 })
            file.bytes[0] = 7
            file.bytes[8191] = 9
            try file.sync()
        }
        let file = try MappedFile.open(folder.file("m"))
        #expect(file.bytes[0] == 7 && file.bytes[8191] == 9)
    }

    @Test("an existing file is not overwritten")
    func exists() throws {
        let folder = try TemporaryFolder()
        try folder.write("m", "kept")
        #expect { try MappedFile.create(folder.file("m"), count: 4096) } throws: {
            ($0 as? FileError)?.errno == EEXIST
        }
        #expect(try Files.readText(folder.file("m")) == "kept")
    }

    @Test("more than the disk holds is an error before any byte is mapped, and leaves no file")
    func tooLarge() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FileError.self) { try MappedFile.create(folder.file("m"), count: 1 << 60) }
        #expect(!Files.exists(folder.file("m")))
    }

    @Test("an empty or missing file is refused")
    func empty() throws {
        let folder = try TemporaryFolder()
        try folder.write("m", "")
        #expect { try MappedFile.open(folder.file("m")) } throws: { "\($0)".contains("empty") }
        #expect { try MappedFile.open(folder.file("n")) } throws: {
            ($0 as? FileError)?.isMissing == true
        }
    }

    @Test("holes of a sparse copy are filled before it is mapped")
    func holes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("m", "head")
        #expect(truncate(path, 1 << 20) == 0)
        let file = try MappedFile.open(path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_blocks * 512 >= 1 << 20)
        #expect(file.bytes[0] == UInt8(ascii: "h") && file.bytes[(1 << 20) - 1] == 0)
    }
}
