import Domain
import Glibc
import Platform

/// Counts the lines of log files by account, service and window. Memory is bounded: beyond
/// `KeyTable.keysMax` distinct keys the rest is counted under `*other`, and said. One thread.
final class LogCounting {
    struct Totals: Equatable {
        /// Lines that were looked at; empty ones are passed over.
        var lines: Int64 = 0
        var counted: Int64 = 0
        /// Of the counted, those under `*other`.
        var folded: Int64 = 0
    }

    let format: LogFormat
    let key: CountKey
    let table: KeyTable
    private(set) var totals = Totals()
    private(set) var bad = BadLines()
    private let reader: LineReader
    private let scanner = LineScanner()

    init(
        format: LogFormat, account: LogExpression, service: LogExpression, by: [CountColumn],
        keysMax: Int = KeyTable.keysMax
    ) throws(LogFormatError) {
        self.format = format
        reader = try LineReader(
            format, account: account, service: service,
            needsTime: by.contains { $0.needsTime })
        key = CountKey(columns: by)
        table = KeyTable(keysMax: keysMax)
    }

    /// Reads to the end; a last line without a line end counts like any other.
    func read(_ descriptor: Int32, path: String) throws(FileError) {
        scanner.reset(at: 0)
        while true {
            countWhole()
            let got = scanner.refill { target, count in
                while true {
                    let got = Glibc.read(descriptor, target, count)
                    if got >= 0 || errno != EINTR { return got }
                }
            }
            guard got >= 0 else { throw FileError(path: path, action: "read", errno: errno) }
            if got == 0 { break }
        }
        switch scanner.rest() {
        case .line(let line): count(line)
        case .tooLong(let head): noteTooLong(head)
        case .none: break
        }
        scanner.takeRest()
    }

    private func countWhole() {
        while true {
            switch scanner.next() {
            case .line(let line): count(line)
            case .tooLong(let head): noteTooLong(head)
            case .none: return
            }
            scanner.take()
        }
    }

    @inline(__always)
    private func count(_ line: UnsafeRawBufferPointer) {
        guard !line.isEmpty else { return }
        totals.lines &+= 1
        if let fault = reader.read(line) {
            bad.note(fault, line, format)
            return
        }
        totals.counted &+= 1
        guard !table.add(key.bytes, key.make(reader, line)) else { return }
        totals.folded &+= 1
        _ = table.add(key.bytes, key.makeFolded(reader), isForced: true)
    }

    private func noteTooLong(_ head: UnsafeRawBufferPointer) {
        totals.lines += 1
        bad.note(.tooLong, head, format)
    }
}
