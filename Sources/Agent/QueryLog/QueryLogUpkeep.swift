import Domain
import Platform

/// One pass over the finished files: it compresses them, deletes what is older than `keep`, and keeps the total size
/// within its bound. Runs on the keeper's thread. A file's date is the later of that in its name and that of its last
/// write, so that a clock that was wrong for a while makes nothing old.
struct QueryLogUpkeep {
    /// How long before a file is deleted early, for the total's sake, this is announced.
    static let warningMilliseconds: Int64 = 3_600_000
    /// Nothing is pruned unless the log was written between so many days ago: a clock that jumped ahead would
    /// otherwise delete everything.
    static let clockWitnessDays = 7...31

    let folder: QueryLogFolder
    let settings: QueryLogSettings
    let shared: QueryLogShared
    let gzip: String
    private var overSince: Int64?
    private var hasTold90 = false

    init(
        folder: QueryLogFolder, settings: QueryLogSettings, shared: QueryLogShared, gzip: String
    ) {
        self.folder = folder
        self.settings = settings
        self.shared = shared
        self.gzip = gzip
    }

    /// Returns false when something failed and should be tried again soon. `pulse` works as in `QueryLogPacker`.
    mutating func run(at now: Timestamp, monotonic: Int64, pulse: (Int64) -> Bool) -> Bool {
        let isPacked = packAll(pulse)
        deleteExpired(at: now, pulse)
        holdTotal(at: now, monotonic: monotonic, pulse)
        look()
        return isPacked
    }

    /// The finished files. The list is read before the present file's name, so that a file begun in between is never
    /// taken for a finished one.
    private func finished() -> [QueryLogFolder.Entry] {
        let entries = folder.entries()
        let writing = shared.writing
        return entries.filter { $0.name != writing }
    }

    private func packAll(_ pulse: (Int64) -> Bool) -> Bool {
        withoutActuallyEscaping(pulse) { pulse in
            let packer = QueryLogPacker(folder: folder, gzip: gzip, pulse: pulse)
            var isDone = true
            for entry in finished() where entry.plainBytes != nil {
                do {
                    guard try packer.pack(entry.name) else { return true }
                } catch {
                    // The other files are still compressed.
                    isDone = false
                    if shared.isTrouble(.packing, error) {
                        Log.error(
                            "a file of the query log cannot be compressed; it stays as it is and is tried again",
                            ["file": entry.name.plain, "error": error])
                    }
                }
            }
            if isDone { shared.isWell(.packing) }
            return isDone
        }
    }

    // MARK: Age

    private static func age(_ entry: QueryLogFolder.Entry) -> CalendarDate {
        max(entry.name.date, entry.writtenOn)
    }

    private func deleteExpired(at now: Timestamp, _ pulse: (Int64) -> Bool) {
        let entries = finished()
        let witnesses = Self.clockWitnessDays
        let isClockBelieved = entries.contains {
            witnesses.contains(now.date.daysSinceEpoch - $0.name.date.daysSinceEpoch)
        }
        guard isClockBelieved else { return }
        let oldest = now.date.adding(months: -settings.keepMonths)
        for entry in entries where Self.age(entry) < oldest {
            delete(entry)
            Log.info(
                "a file of the query log was kept its time and is deleted",
                ["file": entry.name.plain, "keep_months": settings.keepMonths])
            guard pulse(20) else { return }
        }
        // The record of searches is kept as long as the log that was searched.
        for file in Files.list(folder.path) where file.hasPrefix(SearchRecord.asidePrefix) {
            let date = CalendarDate(
                String(file.dropFirst(SearchRecord.asidePrefix.count).prefix(10)))
            if let date, date < oldest { Files.remove("\(folder.path)/\(file)") }
        }
    }

    private func delete(_ entry: QueryLogFolder.Entry) {
        Files.remove(folder.packed(entry.name))
        Files.remove(folder.plain(entry.name))
        Files.syncFolder(of: folder.plain(entry.name))
    }

    // MARK: Size

    private mutating func holdTotal(
        at now: Timestamp, monotonic: Int64, _ pulse: (Int64) -> Bool
    ) {
        var total = folder.entries().reduce(0) { $0 + $1.bytes }
        tell90(total)
        guard total > settings.totalBytesMax else {
            overSince = nil
            shared.isWell(.keeping)
            return
        }
        let floor = now.date.adding(months: -QueryLogSettings.keepMonthsFloor)
        let mayGo = finished().filter { Self.age($0) < floor }
        let problem = FileError(
            path: folder.path, action: .stayBelow(setting: "queryLog.totalMax"),
            detail: "it holds \(total) of \(settings.totalBytesMax) bytes; make totalMax larger"
                + (mayGo.isEmpty
                    ? "; nothing younger than 3 months is deleted"
                    : ", or the oldest files go before their time in an hour"),
            vi:
                "đang có \(total) byte, mức cho phép \(settings.totalBytesMax); hãy tăng totalMax"
                + (mayGo.isEmpty
                    ? "; tệp chưa đủ 3 tháng không bị xóa"
                    : ", nếu không các tệp cũ nhất sẽ bị xóa sớm sau một giờ"))
        if shared.isTrouble(.keeping, problem) {
            Log.error("the query log is larger than it may be", ["error": problem])
        }
        let since = overSince ?? monotonic
        overSince = since
        guard monotonic - since >= Self.warningMilliseconds else { return }
        for entry in mayGo where total > settings.totalBytesMax {
            delete(entry)
            total -= entry.bytes
            shared.metrics.add("chot_agent_query_log_early_deletions_total")
            Log.error(
                "a file of the query log is deleted before its time: queryLog.totalMax is reached",
                ["file": entry.name.plain, "bytes": entry.bytes])
            guard pulse(20) else { return }
        }
    }

    private mutating func tell90(_ total: Int) {
        let isNear = total > settings.totalBytesMax / 10 * 9
        if isNear, !hasTold90 {
            Log.warning(
                "the query log fills nine tenths of queryLog.totalMax; beyond it the oldest files go before their time",
                ["bytes": total, "totalMax": settings.totalBytesMax])
        }
        hasTold90 = isNear
    }

    private func look() {
        let entries = folder.entries()
        shared.saw(
            bytes: entries.reduce(0) { $0 + $1.bytes }, oldest: entries.first?.name.date)
    }
}
