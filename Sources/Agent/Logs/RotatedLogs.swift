import Glibc
import Platform

/// The earlier files of a log beside it, as logrotate names them: `npd.log.1`, `npd.log-20261124`,
/// `npd-20261124.log`; compressed ones end with `.gz`, `.xz`, `.bz2` or `.zst`.
struct RotatedLogs {
    struct Former {
        let path: String
        /// Tells which file was rotated later. Only numbered ones, or only dated ones, can be compared with each other.
        let age: Age
        let isCompressed: Bool
        let device: UInt64
        let inode: UInt64
        let written: Int64
    }

    enum Age: Equatable {
        /// `.1` is the newest.
        case number(Int)
        case date(String)

        func isNewer(than other: Age) -> Bool {
            switch (self, other) {
            case (.number(let mine), .number(let theirs)): mine < theirs
            case (.date(let mine), .date(let theirs)): mine > theirs
            default: false
            }
        }
    }

    /// The earlier files, oldest first.
    let former: [Former]

    /// The most names of a folder that are looked at.
    private static let formerMax = 1000

    init(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        var found: [Former] = []
        for other in Files.list(folder.isEmpty ? "/" : folder) where other != name {
            guard let (age, isCompressed) = Self.age(of: other, beside: name),
                found.count < Self.formerMax
            else { continue }
            let whole = "\(folder)/\(other)"
            var status = stat()
            guard stat(whole, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            found.append(
                Former(
                    path: whole, age: age, isCompressed: isCompressed,
                    device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
                    written: LogFile.nanoseconds(status.st_mtim)))
        }
        former = found.sorted { $1.age.isNewer(than: $0.age) }
    }

    static func age(of other: String, beside name: String) -> (Age, isCompressed: Bool)? {
        var rest = other[...]
        var isCompressed = false
        for ending in [".gz", ".xz", ".bz2", ".zst"] where rest.hasSuffix(ending) {
            rest = rest.dropLast(ending.count)
            isCompressed = true
        }
        if rest.hasPrefix(name) {
            rest = rest.dropFirst(name.count)
        } else if let dot = name.lastIndex(of: "."), rest.hasPrefix(name[..<dot]),
            rest.hasSuffix(name[dot...])
        {
            // With logrotate's "extension" the number stands before the extension.
            rest = rest.dropFirst(name[..<dot].count).dropLast(name[dot...].count)
        } else {
            return nil
        }
        guard let first = rest.first, first == "." || first == "-" else { return nil }
        rest = rest.dropFirst()
        let isDate = rest.utf8.allSatisfy {
            (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "T") || $0 == UInt8(ascii: ":")
        }
        guard isDate, rest.utf8.first.map({ (48...57).contains($0) }) == true else { return nil }
        // "npd-2.log" may be the log of something else: a number follows a dot, and a date is longer.
        if rest.utf8.count <= 4, let number = Int(rest) {
            return first == "." ? (.number(number), isCompressed) : nil
        }
        return rest.utf8.count >= 6 ? (.date(String(rest)), isCompressed) : nil
    }

    func holds(_ file: LogFile) -> Bool {
        former.contains { $0.inode == file.inode && $0.device == file.device }
    }

    /// The file that was rotated next after this one and before the present one, nil when there is none between; and
    /// in words, which files before it cannot be read.
    func next(after file: LogFile, before present: LogFile) -> (file: LogFile?, lost: [String]) {
        let ours = former.first { $0.inode == file.inode && $0.device == file.device }
        let written = file.state.written
        let later = former.filter { one in
            guard one.inode != present.inode || one.device != present.device else { return false }
            if let ours { return one.age.isNewer(than: ours.age) }
            // This file was removed or compressed meanwhile; what was written after it was rotated after it.
            return one.written > written
        }
        var lost: [String] = []
        var number: Int?
        if case .number(let ours)? = ours?.age { number = ours }
        for one in later {
            if let expected = number, case .number(let found) = one.age {
                lost += Self.missing((found + 1)..<max(found + 1, expected), present.path)
                number = found
            }
            guard !one.isCompressed else {
                lost.append("\(one.path) was compressed before it was read")
                continue
            }
            do {
                return (try LogFile(one.path), lost)
            } catch {
                lost.append("\(error)")
            }
        }
        if let number { lost += Self.missing(1..<number, present.path) }
        return (nil, lost)
    }

    private static func missing(_ numbers: Range<Int>, _ path: String) -> [String] {
        numbers.reversed().map { "\(path).\($0) is gone" }
    }
}
