/// Why a line was not read.
enum LineFault: Hashable, Sendable {
    /// The line is longer than `LineReader.lineBytesMax`.
    case tooLong
    /// The line does not fit the format at the variable of this number, from 0. The number of all variables means
    /// that the line continues after the format's end.
    case mismatch(Int)
    case notJSON
    case time
    /// The line bears a time that no honest clock shows (`Timestamp.plausible`).
    case implausible

    func description(_ format: LogFormat) -> String {
        switch self {
        case .tooLong: return "longer than \(LineReader.lineBytesMax) bytes"
        case .notJSON: return "no JSON object, or a key given twice"
        case .time: return "no time that can be read"
        case .implausible: return "its time lies before 2020 or after 2100"
        case .mismatch(let index):
            guard case .text(_, let elements, _) = format.layout else { return "an empty line" }
            guard index < elements.count else { return "goes on after the format's end" }
            return "does not fit the format at $\(elements[index].variable)"
        }
    }
}
