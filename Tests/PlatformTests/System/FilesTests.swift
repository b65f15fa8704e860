import Glibc
import Platform
import Testing

@Suite("Files")
struct FilesTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("writes the whole content, private by default, and leaves no other file")
    func write() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a")
        try Files.writeAtomically(path, [1, 2, 3])
        #expect(try Files.read(path) == [1, 2, 3])
        #expect(mode(path) == 0o600)
        try Files.writeAtomically(path, "mới", mode: 0o644)
        #expect(try Files.readText(path) == "mới")
        #expect(mode(path) == 0o644)
        try Files.writeAtomically(path, [])
        #expect(try Files.read(path).isEmpty)
        #expect(Files.list(folder.path) == ["a"])
    }

    @Test("no pipe or device is put away for a file, and both languages say why") func special()
        throws
    {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let told = try #require(throws: FileError.self) { try Files.writeAtomically(pipe, "x") }
        #expect(told.vietnamese.contains("ống dẫn") && !told.vietnamese.contains("device"))
        #expect(Files.list(folder.path) == ["pipe"] && !Files.isRegular(pipe))
        let read = try #require(throws: FileError.self) { try Files.read(pipe) }
        #expect(read.description.contains("no regular file"))
        #expect(!read.vietnamese.contains("regular"))
    }

    @Test(
        "a temporary file left by a crash, or a link put in its place, is replaced and not followed"
    )
    func leftovers() throws {
        let folder = try TemporaryFolder()
        let victim = try folder.write("victim", "untouched")
        #expect(symlink(victim, folder.file("a.new")) == 0)
        try Files.writeAtomically(folder.file("a"), "content")
        #expect(try Files.readText(victim) == "untouched")
        #expect(try Files.readText(folder.file("a")) == "content")
    }

    @Test("a pipe, a device, a folder and a loop of links are refused at once and never waited for")
    func irregular() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(symlink(folder.file("loop"), folder.file("loop")) == 0)
        #expect(symlink("/dev/zero", folder.file("zero")) == 0)
        for path in [
            folder.file("pipe"), folder.file("loop"), folder.file("zero"), folder.path, "/dev/zero",
        ] {
            #expect(throws: FileError.self, "\(path)") { try Files.read(path) }
            #expect(throws: FileError.self, "\(path)") { try Files.readText(path) }
        }
    }

    @Test("whether a new file can be made is known before, and leaves nothing")
    func checkNew() throws {
        let folder = try TemporaryFolder()
        try Files.checkNew(folder.file("a"))
        #expect(Files.list(folder.path).isEmpty)
        #expect(Files.missingFolder(of: folder.file("a")) == nil)
        #expect(Files.missingFolder(of: folder.file("b/c")) == folder.file("b"))
        #expect(Files.missingFolder(of: "c") == nil)
        #expect { try Files.checkNew(folder.file("b/c")) } throws: {
            ($0 as? FileError)?.isMissing == true
        }
        try Files.writeNew(folder.file("a"), [1])
        #expect(throws: FileError.self) { try Files.checkNew(folder.file("a")) }
        #expect(try Files.read(folder.file("a")) == [1])
    }

    @Test("the old content stays when the new one cannot be written")
    func failure() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "old")
        try Files.makeFolder(folder.file("a.new"))
        #expect { try Files.writeAtomically(path, "new") } throws: {
            "\($0)".contains("a.new: cannot create")
        }
        #expect(try Files.readText(path) == "old")
    }

    @Test("a full disk is told as such")
    func diskFull() {
        let error = FileError(path: "/x", action: .write, errno: ENOSPC)
        #expect(error.isDiskTrouble)
        #expect(
            error.description
                == "/x: cannot write: No space left on device; free some space on this file system")
    }

    @Test("what failed with a file is told in Vietnamese without an English word")
    func vietnamese() {
        let actions: [FileAction] = [
            .compress, .create, .cutInterval, .fillHoles, .find, .follow, .list, .listen, .lock,
            .make, .makeFolder, .map, .open, .pipe, .read, .readKey, .send, .start, .sync, .unpack,
            .use, .write, .reserve(bytes: 5), .move(to: "/y"), .rename(to: "/y"),
        ]
        let numbers = [
            ENOENT, EACCES, EPERM, EEXIST, EISDIR, ENOSPC, EROFS, EIO, EMFILE, EADDRINUSE, EBADF,
        ]
        for action in actions {
            for number in numbers {
                let told = FileError(path: "/x", action: action, errno: number)
                #expect(!told.vietnamese.contains("cannot"))
                #expect(!told.vietnamese.contains(textOfError(number)), "\(told.vietnamese)")
                #expect(!told.vietnamese.split(separator: " ").contains(action.en[...]))
            }
        }
        let full = FileError(path: "/x", action: .write, errno: ENOSPC)
        #expect(
            full.vietnamese == "/x: không ghi được: ổ đĩa đầy; hãy giải phóng chỗ trên ổ đĩa này")
    }

    @Test("reading is bounded, and refuses what is no text")
    func read() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a")
        try Files.writeAtomically(path, [UInt8](repeating: 0xFF, count: 100))
        #expect(try Files.read(path, bytesMax: 100).count == 100)
        #expect { try Files.read(path, bytesMax: 99) } throws: {
            "\($0)".contains("limit of 99 bytes")
        }
        #expect { try Files.readText(path) } throws: { "\($0)".contains("UTF-8") }
        #expect { try Files.read(folder.file("none")) } throws: {
            ($0 as? FileError)?.isMissing == true
        }
        #expect(throws: FileError.self) { try Files.read(folder.path) }
    }

    @Test("folders are made with those above them, private, and listed in order")
    func folders() throws {
        let folder = try TemporaryFolder()
        try Files.makeFolder(folder.file("x/y/z"))
        try Files.makeFolder(folder.file("x/y/z"))
        #expect(mode(folder.file("x/y")) == 0o700)
        for name in ["b", "a", "c"] { try folder.write("x/\(name)", "") }
        #expect(Files.list(folder.file("x")) == ["a", "b", "c", "y"])
        #expect(Files.list(folder.file("none")).isEmpty)
        Files.remove(folder.file("x/a"))
        #expect(!Files.exists(folder.file("x/a")))
        #expect(throws: FileError.self) { try Files.makeFolder(folder.file("x/b/c")) }
    }

    @Test("a state folder belongs to one process until it lets go")
    func lock() throws {
        let folder = try TemporaryFolder()
        var first: FileLock? = try FileLock(folder.file("lock"))
        #expect { try FileLock(folder.file("lock")) } throws: {
            "\($0)".contains("another process")
        }
        withExtendedLifetime(first) {}
        first = nil
        _ = try FileLock(folder.file("lock"))
    }
}
