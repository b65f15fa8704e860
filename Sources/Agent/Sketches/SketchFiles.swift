import Domain
import Glibc
import Platform
import Synchronization

/// A day's sketch as the agent's disk keeps it for a restart.
struct KeptSketch: Equatable {
    let sketch: SystemSketch
    /// Tells the key under which it was made apart from others (`FeatureTracker.keyMark`).
    let keyMark: UInt64
}

/// The days' sketches in `STATE/sketches`. The newest of each date is kept so that a restart continues it, with the
/// number of the summary that signed its hash until the collector has it. A later sketch of a date contains the former,
/// so each date has one file: `DATE.HASH`, then `DATE.HASH.EPOCH.SEQ` once signed, `DATE` once sent. Thread-safe.
final class SketchFiles: Sendable {
    static let fileBytesMax = SystemSketch.textBytesMax + 64
    /// The days after which a sketch that was never sent is given up.
    static let keptDays = 2

    struct Waiting: Equatable {
        let date: CalendarDate
        let hash: String
        let epoch: Int64
        let seq: Int64
    }

    private struct Entry {
        let hash: String
        var signed: (epoch: Int64, seq: Int64)?

        var suffix: String {
            guard !hash.isEmpty else { return "" }
            return "." + hash + (signed.map { ".\($0.epoch).\($0.seq)" } ?? "")
        }
    }

    private let folder: String
    private let entries: Mutex<[CalendarDate: Entry]>

    init(state: String) throws(FileError) {
        let folder = "\(state)/sketches"
        self.folder = folder
        try Files.makeFolder(folder)
        var found: [CalendarDate: Entry] = [:]
        // A crash may have left two of a date; the one written last contains the other.
        let newestFirst = Files.list(folder).map {
            (name: $0, at: Files.writtenAt("\(folder)/\($0)"))
        }
        .sorted { $0.at > $1.at }
        for (name, _) in newestFirst {
            let parts = name.split(separator: ".").map(String.init)
            guard let date = parts.first.flatMap({ CalendarDate($0) }), found[date] == nil else {
                Files.remove("\(folder)/\(name)")
                continue
            }
            let signed =
                parts.count == 4
                ? Int64(parts[2]).flatMap { epoch in Int64(parts[3]).map { (epoch, $0) } } : nil
            found[date] = Entry(hash: parts.count > 1 ? parts[1] : "", signed: signed)
        }
        entries = Mutex(found)
    }

    private func path(_ date: CalendarDate, _ entry: Entry) -> String {
        "\(folder)/\(date)\(entry.suffix)"
    }

    /// Writes a sketch in place of the former of its date. Returns the hash that a summary signs.
    func keep(_ kept: KeptSketch) throws(FileError) -> String {
        let text = kept.sketch.text
        let hash = Base64URL.encode(Digest.sha256([UInt8](text.utf8)))
        let date = kept.sketch.date
        let entry = Entry(hash: hash)
        let former = entries.withLock { $0[date] }
        try Files.writeAtomically(
            path(date, entry), "\(String(kept.keyMark, radix: 16)) \(text)\n")
        if let former, former.suffix != entry.suffix { Files.remove(path(date, former)) }
        entries.withLock { $0[date] = entry }
        return hash
    }

    /// Notes that a summary of this number signed the hash.
    func assign(_ hash: String, epoch: Int64, seq: Int64) {
        rename(hash) { $0.signed = (epoch, seq) }
    }

    /// Notes that the collector has the sketch, or will never take it; it stays for a restart only.
    func settle(_ hash: String) { rename(hash) { $0 = Entry(hash: "") } }

    private func rename(_ hash: String, _ change: (inout Entry) -> Void) {
        entries.withLock { entries in
            guard let (date, former) = entries.first(where: { $0.value.hash == hash }) else {
                return
            }
            var entry = former
            change(&entry)
            // A name that could not be changed costs one more attempt to send after a restart.
            try? Files.rename(path(date, former), to: path(date, entry))
            entries[date] = entry
        }
    }

    /// Sketches that are signed and not sent yet, the oldest first.
    var waiting: [Waiting] {
        entries.withLock { entries in
            entries.compactMap { date, entry in
                entry.signed.map {
                    Waiting(date: date, hash: entry.hash, epoch: $0.epoch, seq: $0.seq)
                }
            }
        }.sorted { $0.date < $1.date }
    }

    /// Nil when it cannot be read. The sender reports that; a restart begins the day's sketch anew.
    func read(_ date: CalendarDate) -> KeptSketch? {
        guard let entry = entries.withLock({ $0[date] }),
            let text = try? Files.readText(path(date, entry), bytesMax: Self.fileBytesMax),
            let space = text.firstIndex(of: " "), let mark = UInt64(text[..<space], radix: 16),
            let sketch = SystemSketch(
                text: String(text[text.index(after: space)...].prefix { $0 != "\n" })),
            sketch.date == date
        else { return nil }
        return KeptSketch(sketch: sketch, keyMark: mark)
    }

    /// Deletes sketches of past days that were sent, and those that were never sent in time.
    func prune(today: CalendarDate) {
        entries.withLock { entries in
            for (date, entry) in entries {
                let age = today.daysSinceEpoch - date.daysSinceEpoch
                guard age > Self.keptDays || (age > 0 && entry.hash.isEmpty) else { continue }
                Files.remove(path(date, entry))
                entries[date] = nil
            }
        }
    }
}
