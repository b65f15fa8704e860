import Glibc

/// Writes without the buffer of `print`, for programs whose output is followed while they run.
public enum StandardOutput {
    /// Returns false when nobody reads any more.
    public static func write(_ text: String) -> Bool { writeAll(ShownText.lines(text), to: 1) }
    /// Writes JSON, with hidden characters in JSON's own escapes. Returns false when nobody reads any more.
    public static func writeJSON(_ text: String) -> Bool { writeAll(ShownText.json(text), to: 1) }
}

/// Writes what people are told beside a program's output.
public enum StandardError {
    public static func write(_ text: String) { _ = writeAll(ShownText.lines(text), to: 2) }
}

private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = [UInt8](text.utf8)
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes {
            Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
    }
    return true
}
