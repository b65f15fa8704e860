import Glibc
import Platform

/// A folder of one test, with short paths; removed with all in it when the test is over.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/chot-test-" + Digest.hex(try randomBytes(8))
        try Files.makeFolder(path)
    }

    deinit { Self.removeAll(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Files.writeAtomically(file(name), text)
        return file(name)
    }

    private static func removeAll(_ path: String) {
        for name in Files.list(path) {
            if unlink("\(path)/\(name)") != 0 { removeAll("\(path)/\(name)") }
        }
        rmdir(path)
    }
}
