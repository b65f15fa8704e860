import CollectorValues
import Domain
import Platform

/// A registry file as it came.
package struct RegistrySource {
    package let file: String
    package let text: String
    package let sha256: String

    package init(file: String, text: String) throws {
        self.file = file
        self.text = text
        sha256 = Digest.hex(Digest.sha256([UInt8](text.utf8)))
    }

    /// Reads the header, then the rows one after the other. Throws with the number of the line if it is not CSV.
    package func read(header: ([String]) throws -> Void, row: (CSV.Row) throws -> Void) throws {
        do { try CSV.read(text, header: header, row: row) } catch let error as CSV.Problem {
            throw CommandFailure(
                .badInput, "\(file):\(error.line): \(error.message.en)",
                vi: "\(file):\(error.line): \(error.message.vi)")
        }
    }
}
