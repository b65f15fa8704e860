import Platform
import Testing

@Suite("ConfigFile")
struct ConfigFileTests {
    @Test("JSON5 is read: comments, trailing commas, bare keys, single quotes, hexadecimal")
    func json5() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "agent.json5",
            """
            // a comment
            { state: '/var/lib/chot', /* one more */ "count": 0x10, list: ["a",], }
            """)
        let root = try ConfigFile.load(path)
        #expect(root.string("state") == "/var/lib/chot")
        #expect(root.integer("count", in: 0...100, default: 0) == 16)
        #expect(root.strings("list") == ["a"])
        try root.finish()
    }

    @Test("bytes that are no UTF-8 are refused; Foundation's reader would end the program")
    func notText() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("agent.json5", "")
        try Files.writeAtomically(path, [UInt8]("{aa".utf8) + [0xFB] + [UInt8]("a: ".utf8))
        let error = #expect(throws: ConfigProblems.self) { try ConfigFile.load(path) }
        #expect(error?.description.contains("is not UTF-8 text") == true)
    }

    @Test(
        "FILE.d is merged in name order: objects merge, values and lists replace, others are ignored"
    )
    func merged() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("agent.json5", "{ a: { x: 1, y: 1 }, list: ['p', 'q'], z: 1 }")
        try Files.makeFolder(path + ".d")
        try folder.write("agent.json5.d/20-b.json5", "{ a: { y: 3 }, list: ['r'] }")
        try folder.write("agent.json5.d/10-a.json5", "{ a: { y: 2, w: 2 } }")
        try folder.write("agent.json5.d/30-c.json5.bak", "not JSON5 {")
        let root = try ConfigFile.load(path)
        let a = root.child("a")
        let numbers = ["x", "y", "w"].map { a.integer($0, in: 0...9, default: 0) }
        #expect(numbers == [1, 3, 2])
        #expect(root.strings("list") == ["r"])
        #expect(root.integer("z", in: 0...9, default: 0) == 1)
        try root.finish()
    }

    @Test("a missing file is told apart from a bad one")
    func missing() throws {
        let folder = try TemporaryFolder()
        #expect { try ConfigFile.load(folder.file("none.json5")) } throws: {
            ($0 as? ConfigProblems)?.isMissing == true && "\($0)".contains("none.json5")
        }
    }

    @Test(
        "bad files are named",
        arguments: [
            "", "{", "{ a: }", "[1]", "3", "{ a: 1 b: 2 }", "{ a: '\u{1}' ",
            String(repeating: "{a:", count: 2000) + "1" + String(repeating: "}", count: 2000),
            "{ a: '" + String(repeating: "x", count: 1 << 20) + "' }",
        ])
    func bad(text: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("agent.json5", text)
        #expect { try ConfigFile.load(path) } throws: {
            ($0 as? ConfigProblems)?.isMissing == false && "\($0)".contains("agent.json5: ")
        }
    }

    @Test("a bad file of FILE.d is named, and not taken for a missing one")
    func badPart() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("agent.json5", "{}")
        try Files.makeFolder(path + ".d")
        try folder.write("agent.json5.d/50-x.json5", "{")
        #expect { try ConfigFile.load(path) } throws: {
            "\($0)".contains("agent.json5.d/50-x.json5: ")
        }
    }

    @Test("a FILE.d that cannot be listed is not passed over")
    func unreadableFolder() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("agent.json5", "{}")
        try folder.write("agent.json5.d", "a file where a folder should be")
        #expect(throws: ConfigProblems.self) { try ConfigFile.load(path) }
    }
}
