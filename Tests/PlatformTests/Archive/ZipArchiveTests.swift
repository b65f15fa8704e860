import Testing

@testable import Platform

@Suite("ZIP archives") struct ZipArchiveTests {
    static let entries = [
        ZipEntry(
            name: "văn bản/một.txt", bytes: [UInt8](String(repeating: "Chốt ", count: 900).utf8)),
        ZipEntry(name: "empty", bytes: []),
        ZipEntry(name: "raw.bin", bytes: (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 197) }),
    ]

    @Test("what is packed is unpacked", arguments: [ZipEntry.Packing.stored, .deflate, .bzip2])
    func roundTrip(_ packing: ZipEntry.Packing) throws {
        let archive = try ZipArchive.pack(Self.entries, packing)
        #expect(try ZipArchive.unpack(archive) == Self.entries)
        #expect(try ZipArchive.pack(Self.entries, packing) == archive, "the same every time")
    }

    @Test("no entry at all, no archive at all") func empty() throws {
        #expect(throws: ZipError.self) { try ZipArchive.pack([]) }
        #expect(throws: ZipError.self) { try ZipArchive.unpack([]) }
    }

    @Test("every bit that is turned is noticed, or changes nothing that is read") func bits() throws
    {
        let archive = try ZipArchive.pack(Self.entries, .bzip2)
        var noticed = 0
        for place in stride(from: 0, to: archive.count, by: 7) {
            var bytes = archive
            bytes[place] ^= 1 << UInt8(place % 8)
            let read = try? ZipArchive.unpack(bytes)
            if read?.map(\.bytes) != Self.entries.map(\.bytes) { #expect(read == nil) }
            noticed += read == nil ? 1 : 0
        }
        #expect(noticed > 10)
    }

    @Test("cut short anywhere it is refused") func cut() throws {
        let archive = try ZipArchive.pack(Self.entries)
        for count in stride(from: 0, to: archive.count, by: 13) {
            #expect(throws: ZipError.self) {
                try ZipArchive.unpack(Array(archive.prefix(count)))
            }
        }
    }

    @Test("limits hold before memory is taken") func limits() throws {
        let bomb = try ZipArchive.pack(
            [ZipEntry(name: "zeros", bytes: [UInt8](repeating: 0, count: 3_000_000))])
        #expect(bomb.count < 10_000)
        #expect(throws: ZipError.self) {
            try ZipArchive.unpack(bomb, ZipLimits(entryBytesMax: 2_999_999))
        }
        #expect(throws: ZipError.self) {
            try ZipArchive.unpack(bomb, ZipLimits(totalBytesMax: 2_999_999))
        }
        #expect(throws: ZipError.self) {
            try ZipArchive.unpack(bomb, ZipLimits(archiveBytesMax: 100))
        }
        let many = try ZipArchive.pack((0..<11).map { ZipEntry(name: "\($0)", bytes: []) })
        #expect(throws: ZipError.self) { try ZipArchive.unpack(many, ZipLimits(entriesMax: 10)) }
        #expect(try ZipArchive.unpack(bomb, ZipLimits(entryBytesMax: 3_000_000)).count == 1)
    }

    @Test(
        "names that lead out of the folder are refused",
        arguments: ["", "/etc/x", "../x", "a/../x", "a//b", "a\\b", "a\nb", "./a", "a/"])
    func names(_ name: String) {
        #expect(throws: ZipError.self) {
            try ZipArchive.pack([ZipEntry(name: name, bytes: [1])])
        }
    }

    @Test("one name twice is refused") func twice() {
        let entry = ZipEntry(name: "a", bytes: [1])
        #expect(throws: ZipError.self) { try ZipArchive.pack([entry, entry]) }
    }
}
