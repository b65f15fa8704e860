import Testing

@testable import Agent

@Suite("QueryLogLine") struct QueryLogLineTests {
    static let rest = "\tallow\t-\tcanbo1\tTraCuu\t-\t-\t-\t-"

    func isRead(_ text: String) -> Bool {
        let bytes = [UInt8](text.utf8)
        return bytes.withUnsafeBufferPointer { line in
            var read = QueryLogLine()
            return read.read(line)
        }
    }

    @Test("a whole line is read") func whole() {
        #expect(isRead("2026-11-24T08:00:00.123+07:00" + Self.rest))
    }

    @Test(
        "a line that the disk gave back otherwise is none",
        arguments: [
            "2026-11-24 08:00:00.123+07:00\tallow\t-\tcanbo1\tTraCuu\t-\t-\t-\t-",
            // A tab inside the time, and so one field less behind it.
            "abc\t34567T90123456789012+07:00xx\tallow\t-\tcanbo1\tTraCuu\t-\t-\t-",
            "abc\t345678T012345678901234+07:0\tallow\t-\tcanbo1\tTraCuu\t-\t-\t-",
            "2026-11-24T08:00:00.123+07:00\tmaybe\t-\tcanbo1\tTraCuu\t-\t-\t-\t-",
            "2026-11-24T08:00:00.123+07:00\tallow\t-\tcanbo1\tTraCuu\t-\t-\t-\tshort", "",
        ])
    func damaged(_ text: String) { #expect(!isRead(text)) }
}
