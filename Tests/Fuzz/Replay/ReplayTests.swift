import Foundation
import Testing

/// Every input that fuzzing found worth keeping, once more, without a sanitizer.
@Suite("Fuzz targets") struct ReplayTests {
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "corpus").path

    static func inputs(_ target: FuzzTarget) -> [String] {
        let folder = "\(corpus)/\(target.name)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { "\(folder)/\($0)" }
    }

    @Test("keep their promises on every kept input", arguments: FuzzTarget.all)
    func replay(_ target: FuzzTarget) throws {
        let inputs = Self.inputs(target)
        #expect(!inputs.isEmpty, "no inputs in corpus/\(target.name)")
        #expect(inputs.count <= 200)
        for input in inputs {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: input)))
            #expect(bytes.count <= 8192, "\(input)")
            #expect(throws: Never.self, "\(input)") { try target.feed(bytes) }
        }
    }
}
