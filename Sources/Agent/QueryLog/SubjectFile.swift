import Platform

/// The subject numbers of one search, read from the operator's file, one a line: on the command line they would show
/// in `ps` and in the shell's history.
struct SubjectFile {
    static let linesMax = 10_000
    static let bytesMax = 1 << 20

    /// Each number with the first line on which it stands; empty lines are skipped.
    private(set) var numbers: [(line: Int, number: String)] = []

    /// A `path` of `-` reads standard input. Errors name lines, never numbers.
    init(_ path: String) throws {
        let bytes = try Files.readNamed(path, bytesMax: Self.bytesMax)
        var seen: Set<String> = []
        // The text is split by bytes, since CR LF is one character to Swift. Windows puts a byte order mark first.
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        for (index, raw) in text.split(separator: 10, omittingEmptySubsequences: false).enumerated()
        {
            let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 13 }
            let rest = raw.drop(while: isSpace)
            let kept = rest.prefix(
                (rest.lastIndex { !isSpace($0) } ?? rest.startIndex - 1)
                    - rest.startIndex + 1)
            let trimmed = String(decoding: kept, as: UTF8.self)
            if trimmed.isEmpty { continue }
            guard trimmed.utf8.count <= 64, trimmed.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw CommandFailure(
                    .badInput,
                    "\(path): line \(index + 1) is no subject number; one a line, digits without spaces",
                    vi:
                        "\(path): dòng \(index + 1) không phải số định danh; mỗi dòng một số, liền nhau"
                )
            }
            if seen.insert(trimmed).inserted { numbers.append((index + 1, trimmed)) }
        }
        guard !numbers.isEmpty else {
            throw CommandFailure(
                .badInput, "\(path): holds no subject number",
                vi: "\(path): không có số định danh nào")
        }
        guard numbers.count <= Self.linesMax else {
            throw CommandFailure(
                .badInput,
                "\(path): holds \(numbers.count) numbers; at most \(Self.linesMax) in one search",
                vi: "\(path): có \(numbers.count) số; mỗi lần tra tối đa \(Self.linesMax) số")
        }
    }
}
