import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// Files in the state folder that somebody damaged: what cannot be read is said, and nothing of worth is written over.
@Suite("Damaged files of the state folder") struct DamagedFilesTests {
    @Test("a bypass that cannot be read, or is longer than there is, is none and says so")
    func bypass() throws {
        let scratch = try Scratch()
        let path = Bypass.path(scratch.path)
        #expect(try Bypass.read(scratch.path, at: Sample.noon) == nil)
        let long = BypassNote(
            from: Sample.noon, until: Sample.noon.advanced(byMilliseconds: 25 * 3_600_000),
            reason: "x", by: "y")
        for text in [
            "", "x", "{}", #"{"from":1,"from":2}"#,
            String(decoding: try encodeJSON(long), as: UTF8.self),
        ] {
            try Files.writeAtomically(path, text)
            #expect(throws: (any Error).self) { try Bypass.read(scratch.path, at: Sample.noon) }
            #expect(Bypass.load(scratch.path, at: Sample.noon) == nil)
        }
        let hour = BypassNote(
            from: Sample.noon, until: Sample.noon.advanced(byMilliseconds: 3_600_000), reason: "x",
            by: "y")
        try Bypass.save(hour, scratch.path)
        #expect(try Bypass.read(scratch.path, at: Sample.noon) == hour)
        #expect(try Bypass.read(scratch.path, at: hour.until) == nil, "over")
    }

    @Test("digests of the audit log that cannot be read are not written over")
    func digests() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/audit-digests.jsonl"
        let digest = try decodeJSON(
            AuditDigest.self,
            [UInt8](
                #"{"date":"2026-11-24","number":7,"hash":"\#(String(repeating: "a", count: 43))"}"#
                    .utf8))
        let digests = AuditDigests(folder: scratch.path)
        try digests.keep(digest)
        try digests.keep(digest)
        #expect(try Files.readText(path).split(separator: "\n").count == 1)
        try Files.writeAtomically(path, [0xFF, 0xFE, 0x0A])
        #expect(throws: (any Error).self) { try digests.keep(digest) }
        #expect(try Files.read(path) == [0xFF, 0xFE, 0x0A])
    }
}
