import Domain
import Glibc
import Platform

/// Lists the files of the query log in `STATE/log`. It reads names and sizes only.
struct QueryLogFolder: Sendable {
    struct Entry: Sendable, Equatable {
        let name: QueryLogName
        /// The size of the plain file in bytes; nil when only the compressed one is there.
        var plainBytes: Int?
        /// Bytes of the compressed file. For a moment, or after a crash, both files are there; each is whole.
        var packedBytes: Int?
        /// The date on which the younger of the two files was last written, by the machine's clock.
        var writtenOn: CalendarDate

        var bytes: Int { (plainBytes ?? 0) + (packedBytes ?? 0) }
    }

    let path: String

    init(state: String) { path = "\(state)/log" }

    func plain(_ name: QueryLogName) -> String { "\(path)/\(name.plain)" }
    func packed(_ name: QueryLogName) -> String { plain(name) + QueryLogName.packed }
    func halfPacked(_ name: QueryLogName) -> String { plain(name) + QueryLogName.halfPacked }

    /// All files, oldest first.
    func entries() -> [Entry] {
        var found: [QueryLogName: Entry] = [:]
        for file in Files.list(path) {
            let isPacked = file.hasSuffix(QueryLogName.packed)
            let plain = isPacked ? String(file.dropLast(QueryLogName.packed.count)) : file
            guard let name = QueryLogName(plain) else { continue }
            var status = stat()
            // The file was compressed or pruned since it was listed.
            guard lstat("\(path)/\(file)", &status) == 0 else { continue }
            let written = Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000).date
            var entry = found[name] ?? Entry(name: name, writtenOn: written)
            entry.writtenOn = max(entry.writtenOn, written)
            if isPacked {
                entry.packedBytes = Int(status.st_size)
            } else {
                entry.plainBytes = Int(status.st_size)
            }
            found[name] = entry
        }
        return found.values.sorted { $0.name < $1.name }
    }

    /// Removes what a crash, or a search that was killed, left half done.
    func removeLeftovers() {
        for file in Files.list(path)
        where file.hasSuffix(QueryLogName.halfPacked) || file.hasPrefix(SearchSpool.prefix) {
            Files.remove("\(path)/\(file)")
        }
    }
}
