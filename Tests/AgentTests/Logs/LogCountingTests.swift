import Glibc
import Platform
import Seeds
import Testing

@testable import Agent

@Suite("LogCounting") struct LogCountingTests {
    /// Counts a text through a pipe or a file; rows as `account service … = count`.
    static func count(
        _ bytes: [UInt8], format: String = "combined", by: [CountColumn] = [.account, .service],
        keysMax: Int = 100
    ) throws -> (rows: [String], LogCounting) {
        let scratch = try Scratch()
        try Files.writeAtomically("\(scratch.path)/log", bytes)
        let counting = try LogCounting(
            format: LogFormat(format), account: .account, service: .service, by: by,
            keysMax: keysMax)
        let file = open("\(scratch.path)/log", O_RDONLY)
        defer { close(file) }
        try counting.read(file, path: "log")
        let rows = counting.table.sorted().map {
            counting.key.cells($0.key).joined(separator: " ") + " = \($0.count)"
        }
        return (rows, counting)
    }

    static func line(_ user: String, _ time: String = "24/Nov/2026:08:00:00 +0700") -> String {
        "::1 - \(user) [\(time)] \"POST /npd/S HTTP/1.1\" 200 5 \"-\" \"-\"\n"
    }

    @Test("lines with CR, empty lines and a last line without its end count as they should")
    func ends() throws {
        let text =
            Self.line("a") + "\n\r\n" + Self.line("b").dropLast() + "\r\n"
            + Self.line("a").dropLast()
        let (rows, counting) = try Self.count([UInt8](text.utf8))
        #expect(rows == ["a S = 2", "b S = 1"])
        #expect(counting.totals == .init(lines: 3, counted: 3) && counting.bad.count == 0)
    }

    @Test("a line of 1 MiB is read; a longer one is counted as bad, and reading goes on")
    func longLines() throws {
        let most = LineReader.lineBytesMax
        let base = Self.line("").utf8.count - 1
        let exact = Self.line(String(repeating: "x", count: most - base))
        let longer = Self.line(String(repeating: "y", count: most - base + 1))
        let huge = Self.line(String(repeating: "z", count: 5 * most))
        let text = Self.line("a") + exact + longer + huge + Self.line("a") + longer.dropLast()
        let (rows, counting) = try Self.count([UInt8](text.utf8))
        #expect(rows.count == 2 && rows[0] == "a S = 2" && rows[1].hasSuffix(" S = 1"))
        #expect(rows[1].utf8.count == most - base + " S = 1".utf8.count)
        #expect(counting.totals.lines == 6 && counting.bad.count == 3)
        #expect(counting.bad.samples.first?.why == "longer than 1048576 bytes")
    }

    @Test("two spellings of one letter are two accounts")
    func bytesCount() throws {
        let text = Self.line("\u{e9}") + Self.line("e\u{301}")
        #expect(try Self.count([UInt8](text.utf8)).rows.count == 2)
    }

    @Test("windows and days are Vietnamese, whatever the offset in the line")
    func windows() throws {
        let text = [
            "24/Nov/2026:06:59:59 +0700", "24/Nov/2026:00:00:00 +0000",
            "24/Nov/2026:17:59:59 +0700",
            "24/Nov/2026:18:00:00 +0700", "24/Nov/2026:23:00:00 +0000",
        ].map { Self.line("a", $0) }.joined()
        #expect(
            try Self.count([UInt8](text.utf8), by: [.window]).rows == ["off = 3", "office = 2"])
        #expect(
            try Self.count([UInt8](text.utf8), by: [.day]).rows == [
                "2026-11-24 = 4", "2026-11-23 = 1",
            ])
        #expect(
            try Self.count([UInt8](text.utf8), by: [.date]).rows == [
                "2026-11-24 = 4", "2026-11-25 = 1",
            ])
        #expect(
            try Self.count([UInt8](text.utf8), by: [.hour, .status]).rows.contains(
                "2026-11-24T07:00:00+07:00 200 = 1"))
    }

    @Test("beyond the bound lines are folded by window, and said; known keys still count")
    func folding() throws {
        let late = "24/Nov/2026:20:00:00 +0700"
        let text =
            (0..<50).map { Self.line("u\($0)") }.joined()
            + (0..<30).map { Self.line("v\($0)", late) }.joined() + Self.line("u3")
        let (rows, counting) = try Self.count(
            [UInt8](text.utf8), by: [.account, .service, .window], keysMax: 10)
        #expect(
            rows.prefix(3) == [
                "*other *other office = 40", "*other *other off = 30", "u3 S office = 2",
            ])
        #expect(rows.count == 12)
        #expect(counting.totals == .init(lines: 81, counted: 81, folded: 70))
        #expect(
            CountReport(counting: counting, language: .en).closing().contains("70 lines are folded")
        )
    }

    @Test("a hundred thousand keys, as a dictionary counts them")
    func manyKeys() throws {
        var random = Chance(seed: 6383)
        var expected: [String: Int] = [:]
        var text = ""
        for _ in 0..<30_000 {
            let user = "u\(UInt32.random(in: 0..<20_000, using: &random))"
            expected["\(user) S", default: 0] += 1
            text += Self.line(user)
        }
        let (rows, counting) = try Self.count([UInt8](text.utf8), keysMax: 1_000_000)
        #expect(Set(rows) == Set(expected.map { "\($0.key) = \($0.value)" }))
        #expect(counting.totals.counted == 30_000)
    }

    @Test("samples of bad lines are few, short and show no number of a subject")
    func samples() throws {
        let text =
            (0..<20).map { "bad \($0) 000099000001 12345678 \u{1b}[1m\n" }.joined()
            + String(repeating: "9", count: 400) + "\n"
        let (_, counting) = try Self.count([UInt8](text.utf8))
        #expect(counting.bad.count == 21)
        #expect(
            counting.bad.samples.map(\.text) == [
                #"bad 0 … 12345678 \u{1b}[1m"#, #"bad 1 … 12345678 \u{1b}[1m"#,
            ])
    }

    @Test("what a number is cut to is not shown either")
    func cutSamples() {
        let line = [UInt8]((String(repeating: "x", count: 155) + "000099000001").utf8)
        line.withUnsafeBytes {
            #expect(BadLines.masked($0) == String(repeating: "x", count: 155) + "……")
        }
    }

    @Test("the fuzzer's entry takes any bytes")
    func fuzz() {
        var random = Chance(seed: 6383)
        let seeds = [
            Self.line("canbo1"), #"{"remote_user":"a","request":"GET /a/b","msec":1.2}"#,
            "1795482000.123 0123456789abcdef", #"$a [$time_local] ${b}"#,
        ].map { [UInt8]($0.utf8) }
        for round in 0..<2000 {
            var bytes = [UInt8(round % 8), UInt8(round % 251)]
            for _ in 0..<3 {
                var piece = seeds.randomElement(using: &random) ?? []
                for _ in 0..<Int.random(in: 0..<4, using: &random) {
                    piece[Int.random(in: piece.indices, using: &random)] =
                        [0, 10, 34, 92, 255, 123, 32].randomElement(using: &random) ?? 0
                }
                bytes += piece
            }
            bytes.withUnsafeBytes { LogFuzz.fuzz($0) }
        }
    }
}
