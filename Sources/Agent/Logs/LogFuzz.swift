import Glibc

/// The entry for fuzzers of log lines. It takes any bytes, and checks by `precondition` what must hold of the result.
/// Byte 0 chooses the format, or that the bytes are one; byte 1 chooses how the stream is cut.
enum LogFuzz {
    static let formats = [
        "combined", "json", #"escape=json {"a":"$remote_user","t":"$msec","r":"$request"}"#,
        "escape=none $remote_user|$request_uri|$time_iso8601", LogFormat.passed,
        #"$http_x [$time_local] "$request" $status${msec}x$remote_user"#,
    ]

    static func fuzz(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2 else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[2...])
        let choice = Int(bytes[0]) % (formats.count + 1)
        guard choice < formats.count else { return fuzzFormat(rest) }
        guard let format = try? LogFormat(formats[choice]) else {
            preconditionFailure("a format of our own is none")
        }
        read(rest, format, pieceBytes: Int(bytes[1]) + 1)
    }

    private static func fuzzFormat(_ bytes: UnsafeRawBufferPointer) {
        guard let format = try? LogFormat(String(decoding: bytes, as: UTF8.self)) else { return }
        read(bytes, format, pieceBytes: 64)
    }

    private static func read(
        _ stream: UnsafeRawBufferPointer, _ format: LogFormat, pieceBytes: Int
    ) {
        let first = format.variables?.first ?? "remote_user"
        guard
            let reader = try? LineReader(
                format, account: LogExpression(.variable(first)),
                service: LogExpression(.constant([63])), needsTime: false)
        else { preconditionFailure("the format lacks its own variable") }
        let paths = try? LineReader(
            format, account: LogExpression(.pathSegment(1)),
            service: LogExpression(.pathSegment(-1)), needsTime: true)
        let scanner = LineScanner()
        var position = 0
        var lines = 0
        func drain() {
            while true {
                switch scanner.next() {
                case .none: return
                case .tooLong: break
                case .line(let line): look(line, reader, paths)
                }
                lines += 1
                scanner.take()
            }
        }
        while true {
            drain()
            let got = scanner.refill { target, count in
                let piece = min(pieceBytes, count, stream.count - position)
                if piece > 0, let base = stream.baseAddress {
                    memcpy(target, base + position, piece)
                }
                position += piece
                return piece
            }
            if got == 0 { break }
        }
        precondition(lines == stream.filter { $0 == 10 }.count, "lines were lost or made up")
        if case .line(let line) = scanner.rest() { look(line, reader, paths) }
        scanner.takeRest()
        precondition(scanner.consumed == Int64(stream.count), "the position is wrong")
    }

    private static func look(
        _ line: UnsafeRawBufferPointer, _ reader: LineReader, _ paths: LineReader?
    ) {
        for reader in [reader, paths].compactMap({ $0 }) where reader.read(line) == nil {
            let account = reader.account(of: line)
            precondition((1...max(1, line.count)).contains(account.count), "an account made up")
            let service = reader.service(of: line)
            precondition((1...max(1, line.count)).contains(service.count), "a service made up")
            _ = LogLine(reader, line)
        }
        // Only digits of the line itself count: those of an escape before them do not make a number longer.
        let sample = withoutEscapes(BadLines.masked(line))
        var digits: [UInt8] = []
        for byte in line.prefix(BadLines.sampleBytesMax) + [0] {
            if (48...57).contains(byte) {
                digits.append(byte)
                continue
            }
            precondition(digits.count < 9 || !sample.contains(digits), "a long number in a sample")
            digits = []
        }
    }

    /// An escape such as `\xC2` may end in a digit that the line does not have.
    private static func withoutEscapes(_ text: String) -> [UInt8] {
        var kept: [UInt8] = []
        var rest = [UInt8](text.utf8)[...]
        while let byte = rest.popFirst() {
            kept.append(byte)
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x") {
                rest = rest.dropFirst(3)
            }
        }
        return kept
    }
}
