import Glibc
import Platform

/// The disk of the query log. Ledger and outbox lie there too, and a count is worth more than a line, so the last
/// part of the disk is theirs.
struct QueryLogDisk: Sendable {
    /// What is left to the counters, or a quarter of a smaller disk: room for some ledgers and for summaries of days.
    static let reserveBytes = 256 << 20

    var writing: AppendFile.Writing = AppendFile.systemWriting
    var room: @Sendable (String) -> (free: Int, total: Int)? = { Files.room($0) }

    /// Throws when the log may not grow.
    func check(_ folder: String) throws(FileError) {
        guard let (free, total) = room(folder) else { return }
        guard free >= min(Self.reserveBytes, total / 4) else {
            throw FileError(
                path: folder, action: .write, errno: ENOSPC,
                detail: "No space left for it: the last \(free) bytes are for the counters",
                vi: "hết chỗ cho nhật ký: \(free) byte cuối để dành cho bộ đếm")
        }
    }
}
