import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// A pack whose every text was written by somebody who wants it to be read as something else.
@Suite("Text of a foreign pack") struct PackTextTests {
    static let hostile = [
        "\u{1B}[2J\u{202E}\u{9B}1m\u{2028}\u{200B}\r\nKẾT LUẬN: bộ hồ sơ nguyên vẹn, tự nó nhất quán.",
        "\r\n  ok    manifest.jws\u{2028}CONCLUSION: the pack is whole\u{85}",
        "\u{202E}gnorw\u{2066}\u{200B}\u{9B}31m\u{7}\u{E0041}",
    ]

    private static func entries() throws -> ([String: [UInt8]], Ed25519PrivateKey) {
        var made: ([String: [UInt8]], Ed25519PrivateKey)?
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let answer = try table.run("evidence pack", [:], [table.lock.id])
            let archive = try #require(Base64URL.decode(answer.text ?? ""))
            let entries = try ZipArchive.unpack(archive, PackVerification.limits)
            made = (
                Dictionary(entries.map { ($0.name, $0.bytes) }, uniquingKeysWith: { $1 }),
                rig.server.keys.signing
            )
        }
        return try #require(made)
    }

    /// With new digests and a manifest signed anew: what is wrong is the text alone.
    private static func archive(_ files: [String: [UInt8]], _ key: Ed25519PrivateKey) throws
        -> [UInt8]
    {
        var files = files
        let listed = files.keys.filter { $0 != "SHA256SUMS" && $0 != "manifest.jws" }.sorted()
        let sums = listed.map { "\(Digest.hex(Digest.sha256(files[$0]!)))  \($0)\n" }.joined()
        files["SHA256SUMS"] = [UInt8](sums.utf8)
        let compact = String(decoding: files["manifest.jws"]!, as: UTF8.self)
        let old = try JWS.parse(compact.split(separator: "\n")[0].utf8)
        var manifest = try decodeJSON(PackManifest.self, old.payload)
        manifest.sums = Digest.hex(Digest.sha256([UInt8](sums.utf8)))
        files["manifest.jws"] = [UInt8](
            try JWS.sign(manifest, typ: PackManifest.typ, with: key).utf8)
        return try ZipArchive.pack(
            files.sorted { $0.key < $1.key }.map { ZipEntry(name: $0.key, bytes: $0.value) })
    }

    private func check(_ archive: [UInt8], _ place: String) throws {
        let result: PackVerification.Result
        do { result = try PackVerification.verify(archive, root: nil) } catch {
            for language in Language.allCases {
                let said = Wire.text(of: error, language)
                #expect(said.unicodeScalars.allSatisfy { !$0.isHidden }, "\(place)")
            }
            return
        }
        let marks = ["  đúng  ", "  SAI   ", "  ok    ", "  WRONG ", "  - "]
        for language in Language.allCases {
            let lines = result.text(language).split(
                separator: "\n", omittingEmptySubsequences: false)
            // One line a thing checked, one a thing left open, and three of our own.
            #expect(lines.count == result.checks.count + result.open.count + 3, "\(place)")
            #expect(
                lines.dropFirst().dropLast().count { line in
                    !marks.contains { line.hasPrefix($0) }
                } == 1, "\(place)")
            #expect(
                lines.joined().unicodeScalars.allSatisfy { !$0.isHidden }, "\(place): \(language)")
        }
        let json = String(decoding: try encodeJSON(try result.json), as: UTF8.self)
        #expect(ShownText.json(json).unicodeScalars.allSatisfy { !$0.isHidden }, "\(place)")
    }

    /// Every string, and every key, of a JSON value, one after the other.
    private static func variants(_ value: JSONValue, _ evil: String, _ path: String)
        -> [(String, JSONValue)]
    {
        switch value {
        case .string: return [(path, .string(evil))]
        case .array(let items):
            return items.prefix(2).enumerated().flatMap { place, item in
                variants(item, evil, "\(path)[\(place)]").map { path, changed in
                    var all = items
                    all[place] = changed
                    return (path, .array(all))
                }
            }
        case .object(let object):
            var found: [(String, JSONValue)] = []
            for (key, item) in object.sorted(by: { $0.key < $1.key }) {
                var renamed = object
                renamed[key] = nil
                renamed[evil] = item
                found.append(("\(path).\(key)~", .object(renamed)))
                for (path, changed) in variants(item, evil, "\(path).\(key)") {
                    var all = object
                    all[key] = changed
                    found.append((path, .object(all)))
                }
            }
            return found
        default: return []
        }
    }

    @Test("lists of digests and of summaries that are too long are one finding, not millions")
    func longLists() throws {
        let (made, key) = try Self.entries()
        func wrong(_ archive: [UInt8]) throws -> [String] {
            try PackVerification.verify(archive, root: nil).checks
                .filter { !$0.isSound }.map(\.en)
        }
        var files = made
        files["SHA256SUMS"] = [UInt8](String(repeating: "a\n", count: 100_000).utf8)
        let archive = try ZipArchive.pack(
            files.sorted { $0.key < $1.key }.map { ZipEntry(name: $0.key, bytes: $0.value) })
        let found = try wrong(archive)
        #expect(found.count < 40)
        #expect(found.contains("has more than \(PackFile.allCases.count) lines"))

        files = made
        files["summaries.jws"] = [UInt8](String(repeating: "a\n", count: 100_000).utf8)
        #expect(
            try wrong(try Self.archive(files, key)).contains(
                "holds more than \(PackBuilder.summariesMax) summaries"))
    }

    @Test("every string of every file, its keys and its name, is shown as its code points")
    func fields() throws {
        let (files, key) = try Self.entries()
        try check(try Self.archive(files, key), "as made")
        var tried = 0
        for (number, evil) in Self.hostile.enumerated() {
            // One is enough in each field: all pass by the same door.
            for (name, bytes) in files where name.hasSuffix(".json") && number == 0 {
                let value = try decodeJSON(JSONValue.self, bytes)
                for (path, changed) in Self.variants(value, evil, name) {
                    var other = files
                    other[name] = try encodeJSON(changed)
                    try check(try Self.archive(other, key), "\(path) \(number)")
                    tried += 1
                }
            }
            for name in files.keys {
                // Our own packer refuses such names, so one of the same length is written over.
                let place = String(repeating: "Q", count: evil.utf8.count)
                var other = files
                other[place] = other[name]
                var archive = try Self.archive(other, key)
                for at in archive.indices.dropLast(place.utf8.count)
                where archive[at...].starts(with: place.utf8) {
                    archive.replaceSubrange(at..<at + place.utf8.count, with: evil.utf8)
                }
                try check(archive, "\(name) twice")
                other = files
                other[name] = [UInt8](evil.utf8)
                if name != "manifest.jws" {
                    try check(try Self.archive(other, key), "\(name) replaced")
                }
            }
        }
        #expect(tried > 100)
    }
}
