import Foundation
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorDetection
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("FrontLimits: what one address may take at the front") struct FrontLimitsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    private let standard = FrontLimits.read(ConfigReader(.object([:]), file: "x"))

    @Test(
        "by default no address takes more than an eighth of the store, nor of the memory beside it")
    func shares() {
        #expect(standard.shareBytes * FrontLimits.shares <= FrontLimits.storeBytes)
        let memory = FrontLimits.memoryBytesMax - FrontLimits.storeBytes
        #expect(standard.memoryBytes * FrontLimits.shares <= memory)
    }

    @Test("whatever is configured, no address may be given more than half of the store") func most()
    {
        for asked in [1, 16, 32, 33, 64, 1_000_000] {
            let reader = ConfigReader(
                .object(["large_bodies_per_address": .integer(Int64(asked))]), file: "x")
            let limits = FrontLimits.read(reader)
            let isRefused = (try? reader.finish()) == nil
            #expect(isRefused == (asked > 32))
            if !isRefused { #expect(limits.shareBytes * 2 <= FrontLimits.storeBytes) }
        }
    }

    @Test("the unit gives what is divided") func unit() throws {
        let unit = try text("deploy/systemd/chot-collector-front.service")
        #expect(unit.contains("TemporaryFileSystem=/mnt:size=\(FrontLimits.storeBytes >> 20)M,"))
        #expect(unit.contains("\nMemoryMax=\(FrontLimits.memoryBytesMax >> 20)M\n"))
    }

    @Test("a body that may need the store is one that is counted as large") func large() throws {
        let conf = try text("Sources/Collector/Commands/front.conf")
        let pattern = #""~^([0-9]{1,5}|1[0-9]{5}|2[0-5][0-9]{4})$" "";"#
        #expect(conf.contains(pattern))
        let small = try Regex("^([0-9]{1,5}|1[0-9]{5}|2[0-5][0-9]{4})$")
        for bytes in [0, 9, 99_999, 100_000, 199_999, 200_000, FrontLimits.smallBytes] {
            #expect("\(bytes)".wholeMatch(of: small) != nil, "\(bytes)")
        }
        for odd in ["260000", "4194304", "", "0000000", "-1", "1e3"] {
            #expect(odd.wholeMatch(of: small) == nil, "\(odd)")
        }
        #expect(FrontLimits.smallBytes <= FrontLimits.bufferBytes)
    }

    @Test("only pushes and lock sets of before a restore may be larger than other requests")
    func sizes() throws {
        let conf = try text("Sources/Collector/Commands/front.conf")
        let sizes = conf.split(separator: "\n").filter { $0.contains("client_max_body_size") }
            .map { $0.split(separator: " ")[1] }
        #expect(sizes == ["@REQUEST_BYTES@;", "@PUSH_BYTES@;", "0;", "1;", "1;", "1;"])
        #expect(Limits.pushBytesMax == FrontLimits.bodyBytesMax)
    }
}
