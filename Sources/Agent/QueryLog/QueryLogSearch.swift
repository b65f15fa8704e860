import Domain
import Platform
import Wire

/// Reads the query log for one search, whether or not the agent is writing it. Memory does not depend on the size of
/// the log: files are read one after the other, and hits go into a spool.
struct QueryLogSearch {
    /// What was read and what could not be, so that a search names what is missing in it.
    struct Outcome: Equatable {
        var files = 0
        var hits: Int64 = 0
        /// Whether there are more hits than were wanted.
        var isLimited = false
        /// The date of the oldest file.
        var oldest: CalendarDate?
        /// Lines that are malformed, or were cut off by a crash.
        var unreadableLines: Int64 = 0
        /// Lines that could not be written, as the log itself says.
        var lostLines: Int64 = 0
        /// Files written under another key, in which subjects cannot be found.
        var filesOfOtherKeys = 0
        var unreadableFiles: [String] = []

        /// Adds up the outcomes of several logs; `oldest` is the date since which all of them have lines.
        static func + (a: Outcome, b: Outcome) -> Outcome {
            Outcome(
                files: a.files + b.files, hits: a.hits + b.hits,
                isLimited: a.isLimited || b.isLimited,
                oldest: [a.oldest, b.oldest].compactMap { $0 }.max(),
                unreadableLines: a.unreadableLines + b.unreadableLines,
                lostLines: a.lostLines + b.lostLines,
                filesOfOtherKeys: a.filesOfOtherKeys + b.filesOfOtherKeys,
                unreadableFiles: a.unreadableFiles + b.unreadableFiles)
        }
    }

    let folder: QueryLogFolder
    let filter: SearchFilter
    /// The key with which subjects were hashed; nil when no subject is searched for.
    let keyID: String?
    let limit: Int64
    var gzip = "/usr/bin/gzip"

    /// Runs the search. `isStopped` is asked several times a second; `seen` gets each hit that is kept.
    func run(
        into spool: inout SearchSpool, isStopped: () -> Bool, seen: (QueryLogLine) -> Void
    ) throws -> Outcome {
        var outcome = Outcome()
        let entries = folder.entries()
        outcome.oldest = entries.first?.name.date
        let compiled = filter.compiled()
        for entry in entries where filter.concerns(entry.name.date) && !outcome.isLimited {
            guard !isStopped() else { break }
            do {
                guard let source = try open(entry.name) else { continue }
                outcome.files += 1
                try read(
                    source, compiled, &spool, &outcome, isStopped: isStopped, seen: seen)
            } catch let error as FileError {
                outcome.unreadableFiles.append(error.description)
            }
        }
        try spool.finish()
        return outcome
    }

    /// Opens the plain file if there is one, since the compressed one may be only a moment old. Nil when both are gone.
    private func open(_ name: QueryLogName) throws(FileError) -> ByteSource? {
        // A file that changed its form between the two tries is found by starting over.
        for path in [folder.plain(name), folder.packed(name), folder.plain(name)] {
            do {
                return try QueryLogReader.open(path, gzip: gzip)
            } catch  where error.isMissing && error.path == path {
                continue
            }
        }
        return nil
    }

    private func read(
        _ source: ByteSource, _ compiled: SearchFilter.Compiled, _ spool: inout SearchSpool,
        _ outcome: inout Outcome, isStopped: () -> Bool, seen: (QueryLogLine) -> Void
    ) throws {
        var reader = QueryLogReader()
        var line = QueryLogLine()
        defer { outcome.unreadableLines += Int64(reader.tornLines + reader.overlongLines) }
        var found = outcome
        defer { outcome = found }
        try reader.read(source, mayGoOn: { !isStopped() }) { bytes in
            if bytes.first == QueryLogSchema.hash {
                try takeMark(String(decoding: bytes, as: UTF8.self), source.path, &found)
                return true
            }
            guard line.read(bytes) else {
                found.unreadableLines += 1
                return true
            }
            guard let subjectLine = compiled.matches(line) else { return true }
            guard found.hits < limit else {
                found.isLimited = true
                return false
            }
            found.hits += 1
            try add(line, subjectLine, &spool)
            seen(line)
            return true
        }
    }

    /// A full disk under the spool is no fault of the file that is read.
    private func add(_ line: QueryLogLine, _ subjectLine: Int, _ spool: inout SearchSpool) throws {
        do {
            try spool.add(line, subjectLine: subjectLine)
        } catch {
            throw CommandFailure(
                .failed,
                "log search: no room to keep the hits until the search is logged; nothing is shown: \(error)",
                vi:
                    "log search: không đủ chỗ giữ kết quả trước khi ghi nhật ký tra cứu; không hiển thị gì: \(text(of: error, .vi))"
            )
        }
    }

    private func takeMark(_ mark: String, _ path: String, _ outcome: inout Outcome) throws {
        let words = mark.split(separator: "\t").map(String.init)
        func value(_ name: String) -> String? {
            words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        switch words.first {
        case "#chot-query-log":
            guard words.dropFirst().first == String(QueryLogSchema.version) else {
                throw FileError(
                    path: path, action: .read,
                    detail: "it is of another version of the query log; search with that version",
                    vi: "nhật ký thuộc phiên bản khác; hãy tra cứu bằng phiên bản đó")
            }
            if let keyID, value("key") != keyID { outcome.filesOfOtherKeys += 1 }
        case "#lost":
            outcome.lostLines += value("lines").flatMap { Int64($0) } ?? 0
        default: break
        }
    }
}
