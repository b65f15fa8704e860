import Platform

/// The subject numbers of one search, from the operator's file, one a line: on the command line they would show in
/// `ps` and in the shell's history.
struct SubjectFile {
    static let linesMax = 10_000
    static let bytesMax = 1 << 20

    /// The first line on which each number stands; empty lines are passed over.
    private(set) var numbers: [(line: Int, number: String)] = []

    /// `path`: `-` reads standard input. Errors name lines, never numbers.
    init(_ path: String) throws {
        let text = try Files.readText(
            path == "-" ? "/dev/stdin" : path, bytesMax: Self.bytesMax)
        var seen: Set<String> = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let number = String(raw.filter { $0 != "\r" && $0 != "\r\n" && $0 != "\u{FEFF}" })
            let trimmed = number.trimmingSpaces()
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

extension String {
    fileprivate func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
