import Domain
import Platform

/// What a follower reports besides its lines. Trouble is logged when it comes and when it is over; gaps are logged,
/// and the last few are kept. One thread at a time.
struct LogNotes: Sendable {
    static let gapsMax = 8

    var bad = BadLines()
    var lines: Int64 = 0
    /// Lines of queries that the proxy answered itself; they are not counted.
    var unforwarded: Int64 = 0
    var lastLine: Timestamp?
    private(set) var isMissing = false
    private(set) var trouble: String?
    private(set) var gaps: [String] = []
    private(set) var gapsTotal: Int64 = 0

    mutating func setTrouble(_ text: String?) {
        guard trouble != text else { return }
        if let text {
            Log.warning("a log cannot be followed; it is tried again", ["why": text])
        } else {
            Log.notice("a log is followed again")
        }
        trouble = text
    }

    mutating func setMissing(_ isMissing: Bool, _ path: String) {
        guard self.isMissing != isMissing else { return }
        if isMissing { Log.notice("a log is not there yet; it is waited for", ["path": path]) }
        self.isMissing = isMissing
    }

    /// Gaps that no interval tells of yet.
    private(set) var untold: [LogLoss] = []
    private static let untoldMax = 1000

    mutating func takeUntold() -> [LogLoss] {
        defer { untold = [] }
        return untold
    }

    mutating func addGap(_ text: String, _ loss: LogLoss) {
        if untold.count < Self.untoldMax { untold.append(loss) }
        Log.warning("lines of a log are missing", ["why": text])
        gapsTotal += 1
        gaps = gaps.suffix(Self.gapsMax - 1) + [text]
    }
}
