import Domain
import FoundationEssentials
import Glibc
import Platform
import Wire

/// One line of `STATE/log/searches.log`: who searched the query log, when, for what, and how many lines were found.
/// It is on the disk before anything is shown. It names subjects as the log itself does.
struct SearchRecord: Codable {
    static let fileBytesMax = 16 << 20
    static let fileName = "searches.log"
    /// A full file is renamed to this prefix and its date, and pruned as the log is.
    static let asidePrefix = "searches-"

    struct Person: Codable, Equatable {
        let uid: UInt32
        /// The user's name; nil when the system knows none.
        let login: String?
        /// The login that the kernel keeps through `su` and `sudo`; nil where it keeps none.
        let loginUID: UInt32?
        /// The user that `sudo` names; only a hint, since it comes from the environment.
        let sudoUID: String?

        enum CodingKeys: String, CodingKey {
            case uid, login
            case loginUID = "login_uid"
            case sudoUID = "sudo_uid"
        }
    }

    let at: String
    let by: Person
    var from: String?
    var to: String?
    var accounts: [String]?
    var services: [String]?
    var verdicts: [String]?
    var requests: [String]?
    var subjects: [String]?
    let hits: Int64
    /// Whether there were more hits than wanted, so that only the first `hits` were shown.
    let isLimited: Bool

    enum CodingKeys: String, CodingKey {
        case at, by, from, to, accounts, services, verdicts, requests, subjects, hits
        case isLimited = "limited"
    }

    init(by: Person, at now: Timestamp, filter: SearchFilter, outcome: QueryLogSearch.Outcome) {
        self.by = by
        at = now.description
        from = filter.from?.description
        to = filter.to?.description
        accounts = filter.logins.isEmpty ? nil : filter.logins
        services = filter.services.isEmpty ? nil : filter.services
        verdicts = filter.verdicts.isEmpty ? nil : filter.verdicts.map(\.rawValue)
        requests = filter.requests.isEmpty ? nil : filter.requests
        subjects = filter.subjects.map { $0.sorted { $0.value < $1.value }.map(\.key.description) }
        hits = outcome.hits
        isLimited = outcome.isLimited
    }

    /// Adds the line and waits until it is on the disk. When root makes the files, they belong to the folder's owner.
    func append(to folder: String, at now: Timestamp) throws {
        var line = try encodeJSON(self) + [QueryLogSchema.newline]
        let guarding = try Self.openOrCreate("\(folder)/searches.lock")
        try guarding.lock()
        defer { withExtendedLifetime(guarding) {} }
        let path = "\(folder)/\(Self.fileName)"
        if Files.size(path) + line.count > Self.fileBytesMax, Files.exists(path) {
            try Files.move(path, to: Self.aside(in: folder, now.date))
        }
        let file = try Self.openOrCreate(path)
        // A line that a crash or a full disk cut off must not run into this one.
        if let last = try file.tail(1).first, last != QueryLogSchema.newline {
            line.insert(QueryLogSchema.newline, at: 0)
        }
        try file.appendAll(line)
        try file.sync()
        Files.syncFolder(of: path)
    }

    private static func aside(in folder: String, _ date: CalendarDate) -> String {
        var number = 1
        while true {
            let path =
                "\(folder)/\(asidePrefix)\(date)\(number == 1 ? "" : "-\(number)").log"
            if !Files.exists(path) { return path }
            number += 1
        }
    }

    private static func openOrCreate(_ path: String) throws(FileError) -> AppendFile {
        do {
            return try AppendFile.open(path)
        } catch  where error.isMissing {
            do {
                return try AppendFile.create(path)
            } catch  where error.errno == EEXIST {
                // Another search made the file a moment earlier.
                return try AppendFile.open(path)
            }
        }
    }
}

extension SearchRecord.Person {
    /// The user who runs this process.
    static func current() -> Self {
        let uid = getuid()
        let name = UserDatabase.user(uid)?.name
        let kept = (try? Files.readText("/proc/self/loginuid", bytesMax: 64)).flatMap(UInt32.init)
        let sudo = getenv("SUDO_UID").map { String(String(cString: $0).prefix(32)) }
        return Self(
            uid: uid, login: name, loginUID: kept == .max ? nil : kept, sudoUID: sudo)
    }
}
