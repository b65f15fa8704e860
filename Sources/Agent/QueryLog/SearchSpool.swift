import Platform

/// Keeps the hits of a search until the search itself was logged. It uses a file without a name beside the log, which
/// is gone with the process, so memory does not grow with the hits. It restores the order of time among lines that
/// crossed each other, as long as no more than a thousand lines lie between them.
struct SearchSpool {
    static let prefix = "search-"
    static let window = 1000

    private struct Hit {
        let time: [UInt8]
        let row: [UInt8]
    }

    private let file: AppendFile
    private let source: ByteSource
    private var recent: [Hit] = []
    private var buffer: [UInt8] = []

    init(folder: String) throws {
        let path = "\(folder)/\(Self.prefix)\(Digest.hex(try randomBytes(8)))"
        file = try AppendFile.create(path)
        defer { Files.remove(path) }
        source = try ByteSource(path)
    }

    /// `subjectLine` is 0 when no subject was searched for.
    mutating func add(_ line: QueryLogLine, subjectLine: Int) throws {
        let row = Array(line.bytes) + [QueryLogSchema.tab] + Array("\(subjectLine)\n".utf8)
        let hit = Hit(time: Array(line[.time]), row: row)
        var place = recent.count
        while place > 0, hit.time.lexicographicallyPrecedes(recent[place - 1].time) { place -= 1 }
        recent.insert(hit, at: place)
        if recent.count >= 2 * Self.window { try write(first: Self.window) }
    }

    private mutating func write(first count: Int) throws {
        for hit in recent.prefix(count) { buffer += hit.row }
        recent.removeFirst(min(count, recent.count))
        if buffer.count >= 64 << 10 || recent.isEmpty {
            try file.appendAll(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
    }

    mutating func finish() throws { try write(first: recent.count) }

    /// Gives all hits until `take` returns false. Call it after `finish`.
    func forEach(_ take: (QueryLogLine, _ subjectLine: Int) throws -> Bool) throws {
        var reader = QueryLogReader()
        var line = QueryLogLine()
        try reader.read(source) { bytes in
            let end = bytes.lastIndex(of: QueryLogSchema.tab) ?? bytes.count
            let number = String(decoding: bytes[end...].dropFirst(), as: UTF8.self)
            guard line.read(UnsafeBufferPointer(rebasing: bytes[..<end])) else { return true }
            return try take(line, Int(number) ?? 0)
        }
    }
}
