import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorEvidence
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("How large a pack may be") struct PackSizeTests {
    @Test(
        "no entry is read that is larger than ever written, and the bound is said",
        arguments: PackFile.allCases)
    func entries(_ file: PackFile) throws {
        let bytes = [UInt8](repeating: 0x30, count: file.bytesMax + 1)
        let archive = try ZipArchive.pack([ZipEntry(name: file.rawValue, bytes: bytes)])
        let told = try #require(throws: ZipError.self) {
            try PackVerification.verify(archive, root: nil)
        }
        for text in [told.description, told.vietnamese] {
            #expect(text.contains(file.rawValue) && text.contains("\(file.bytesMax)"), "\(text)")
        }
        let fitting = try ZipArchive.pack([
            ZipEntry(name: file.rawValue, bytes: Array(bytes.dropLast()))
        ])
        #expect(throws: Never.self) { try PackVerification.verify(fitting, root: nil) }
    }

    @Test("nor one that is no file of a pack") func foreign() throws {
        let bytes = [UInt8](repeating: 0x30, count: PackFile.foreignBytesMax + 1)
        let archive = try ZipArchive.pack([ZipEntry(name: "lock.json.txt", bytes: bytes)])
        let told = try #require(throws: ZipError.self) {
            try PackVerification.verify(archive, root: nil)
        }
        #expect(told.description.contains("\(PackFile.foreignBytesMax)"))
    }

    @Test("what is written is what is read: a lock whose evidence passes the bound makes no pack")
    func written() throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let figures = "{\"x\":\"\(String(repeating: "x", count: PackFile.lock.bytesMax))\"}"
            _ = try rig.server.store.write {
                try $0.db.run(
                    "UPDATE lock SET figures = ? WHERE id = ?", .text(figures), .text(table.lock.id)
                )
            }
            let told = try #require(throws: CommandFailure.self) {
                try table.run("evidence pack", [:], [table.lock.id])
            }
            let bound = "\(PackFile.lock.bytesMax >> 10) KiB"
            #expect(told.description.contains("lock.json") && told.description.contains(bound))
            #expect(told.vietnamese.contains("lock.json") && told.vietnamese.contains(bound))
        }
    }
}
