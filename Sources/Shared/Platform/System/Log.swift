import Glibc

/// Writes lines for journald to stderr: `<6>message key=value`, one write a line. They never hold personal data.
public enum Log {
    public enum Level: Int, Sendable { case error = 3, warning, notice, info, debug }

    public static func error(_ message: String, _ facts: KeyValuePairs<String, Any> = [:]) {
        write(.error, message, facts)
    }
    public static func warning(_ message: String, _ facts: KeyValuePairs<String, Any> = [:]) {
        write(.warning, message, facts)
    }
    public static func notice(_ message: String, _ facts: KeyValuePairs<String, Any> = [:]) {
        write(.notice, message, facts)
    }
    public static func info(_ message: String, _ facts: KeyValuePairs<String, Any> = [:]) {
        write(.info, message, facts)
    }
    public static func debug(_ message: String, _ facts: KeyValuePairs<String, Any> = [:]) {
        write(.debug, message, facts)
    }

    /// Takes the lines of one thread's work instead of stderr, for thousands of simulated troubles.
    @TaskLocal public static var listener: (@Sendable (String) -> Void)?

    private static func write(
        _ level: Level, _ message: String, _ facts: KeyValuePairs<String, Any>
    ) {
        var line = "<\(level.rawValue)>\(escaped(message))"
        for (key, value) in facts { line += " \(key)=\(escaped("\(value)"))" }
        if let listener { return listener(line) }
        line += "\n"
        var bytes = [UInt8](line.utf8)
        while Glibc.write(2, &bytes, bytes.count) < 0, errno == EINTR {}
    }

    /// Escapes control characters and direction marks, which could forge a line.
    public static func escaped(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        if isPlain, text.utf8.count <= 2000 { return text }
        var result = ""
        for scalar in text.unicodeScalars.prefix(2000) {
            if ShownText.isHidden(scalar) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
