import Glibc
import Testing

@testable import Platform

/// Whoever names something else than a file where one is needed is told what it is and what to name instead.
@Suite("What stands where a file or folder is needed") struct FileKindTests {
    /// A path to each kind of thing that is no file.
    private static func wrong(_ folder: TemporaryFolder) throws -> [(
        path: String, en: String, vi: String
    )] {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let socket = folder.file("socket")
        #expect(mknod(socket, S_IFSOCK | 0o600, 0) == 0)
        try Files.makeFolder(folder.file("folder"))
        return [
            (pipe, "a named pipe (FIFO)", "ống dẫn (FIFO)"), (socket, "a socket", "socket"),
            (folder.file("folder"), "a folder", "thư mục"),
            ("/dev/zero", "a device", "thiết bị"),
        ]
    }

    private typealias Door = (name: String, open: @Sendable (String) throws -> Void)

    private static let files: [Door] = [
        ("read", { _ = try Files.read($0) }), ("readText", { _ = try Files.readText($0) }),
        ("readNamed", { _ = try Files.readNamed($0) }),
        ("write", { try Files.writeAtomically($0, "x") }),
        ("copy", { try Files.copy($0, to: $0 + ".copy") }),
        ("digest", { _ = try Files.digest($0) }),
        ("source", { _ = try ByteSource($0) }), ("lock", { _ = try FileLock($0) }),
        ("map", { _ = try MappedFile.open($0) }), ("append", { _ = try AppendFile.open($0) }),
        ("database", { _ = try SQLiteConnection(path: $0) }),
        ("database to read", { _ = try SQLiteConnection(path: $0, mode: .readOnly) }),
        ("settings", { _ = try ConfigFile.load($0) }),
    ]

    @Test("for a file", arguments: files.map(\.name)) func file(_ name: String) throws {
        let folder = try TemporaryFolder()
        let door = try #require(Self.files.first { $0.name == name })
        for (path, en, vi) in try Self.wrong(folder) {
            let told = try #require(throws: (any Error).self, "\(path)") { try door.open(path) }
            #expect("\(told)".contains(path))
            #expect("\(told)".contains("it is \(en)"), "\(name): \(told)")
            #expect("\(told)".contains("name a file"), "\(name): \(told)")
            guard let told = told as? any BilingualError else { continue }
            #expect(told.vietnamese.contains("đây là \(vi)"), "\(name): \(told.vietnamese)")
            #expect(told.vietnamese.contains("hãy nêu một tệp"), "\(name): \(told.vietnamese)")
        }
        #expect(Files.list(folder.path).sorted() == ["folder", "pipe", "socket"])
    }

    private static let folders: [Door] = [
        ("make", { try Files.makeFolder($0) }), ("make below", { try Files.makeFolder($0 + "/x") }),
        ("lock", { _ = try FileLock($0 + "/lock") }),
        ("database", { _ = try SQLiteConnection(path: $0 + "/x.db") }),
        ("write", { try Files.writeAtomically($0 + "/x", "x") }),
        (
            "list",
            { path in if let problem = Files.problem(ofFolder: path) { throw problem } }
        ),
    ]

    @Test("for a folder", arguments: folders.map(\.name)) func folder(_ name: String) throws {
        let folder = try TemporaryFolder()
        let door = try #require(Self.folders.first { $0.name == name })
        let file = try folder.write("file", "x")
        for (path, en, vi) in try Self.wrong(folder) + [(file, "a file", "tệp")]
        where en != "a folder" {
            let error = try #require(throws: (any Error).self, "\(path)") { try door.open(path) }
            let told = try #require(error as? any BilingualError)
            #expect(told.description.contains(path))
            #expect(told.description.contains("it is \(en), no folder"), "\(name): \(told)")
            #expect(
                told.vietnamese.contains("đây là \(vi), không phải thư mục"), "\(told.vietnamese)")
        }
    }

    @Test("a pipe beside a database, and links that lead nowhere, are named") func beside() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.db")
        try SQLiteConnection(path: path).execute("CREATE TABLE t (n)")
        #expect(mkfifo(path + "-journal", 0o600) == 0)
        let told = try #require(throws: SQLiteError.self) { try SQLiteConnection(path: path) }
        #expect(told.description.contains("a.db-journal") && !told.isDiskTrouble)
        #expect(symlink(folder.file("nowhere"), folder.file("link")) == 0)
        let link = try #require(throws: FileError.self) {
            try Files.makeFolder(folder.file("link"))
        }
        #expect(link.description.contains("leads to no folder"))
    }
}
