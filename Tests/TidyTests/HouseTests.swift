import Foundation
import Testing

/// Holds the arrows and rules of ARCHITECTURE.md.
@Suite("The house") struct HouseTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().path

    struct Source: CustomStringConvertible {
        let path: String
        let text: String
        var description: String { path }
        var imports: Set<String> {
            Set(
                text.split(separator: "\n").filter {
                    $0.hasPrefix("import ") || $0.hasPrefix("@testable import ")
                }
                .compactMap { $0.split(separator: " ").last.map(String.init) })
        }
    }

    static let sources = sources(in: "Sources")
    static let benchmarks = sources(in: "Benchmarks")

    private static func sources(in folder: String) -> [Source] {
        let files = FileManager.default.enumerator(atPath: "\(root)/\(folder)")
        return (files?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
            .compactMap { path in
                (try? String(contentsOfFile: "\(root)/\(folder)/\(path)", encoding: .utf8)).map {
                    Source(path: path, text: $0)
                }
            }
    }

    @Test("there is something to look at") func found() { #expect(Self.sources.count > 60) }

    @Test("imports point one way", arguments: sources) func arrows(_ source: Source) {
        let ours: Set<String> = ["Domain", "Platform", "Wire", "Agent", "Collector"]
        let may: Set<String>
        switch source.path {
        case let path where path.hasPrefix("Shared/Domain"): may = []
        case let path where path.hasPrefix("Shared/Platform"): may = []
        case let path where path.hasPrefix("Shared/Wire"): may = ["Domain", "Platform"]
        case let path where path.contains("/Main/"): may = ["Agent", "Collector", "Wire"]
        default: may = ["Domain", "Platform", "Wire"]
        }
        #expect(source.imports.intersection(ours).isSubset(of: may))
    }

    @Test("only Platform imports a C library; Domain imports nothing", arguments: sources)
    func cLibraries(_ source: Source) {
        let libraries: Set<String> = [
            "CSQLite", "CCrypto", "CMicroHTTPD", "CCurl", "CXML2", "CZip", "CLinux",
        ]
        if !source.path.hasPrefix("Shared/Platform") {
            #expect(source.imports.isDisjoint(with: libraries))
        }
        if source.path.hasPrefix("Shared/Domain") { #expect(source.imports.isEmpty) }
        #expect(
            !source.imports.contains("Foundation"),
            "FoundationEssentials is enough and spares 20 MB")
    }

    @Test("only Store and Backups write SQL, and the agent's outbox its own", arguments: sources)
    func sql(
        _ source: Source
    ) {
        let mayWrite = [
            "Collector/Store", "Collector/Backups", "Agent/Spool/Outbox",
            "Shared/Platform/Storage",
        ]
        guard !mayWrite.contains(where: { source.path.hasPrefix($0) }) else { return }
        for word in ["SELECT ", "INSERT INTO", "UPDATE agent", "DELETE FROM", "CREATE TABLE"] {
            #expect(!source.text.contains(word))
        }
    }

    @Test("the time comes to Store and rules as an argument", arguments: sources) func time(
        _ source: Source
    ) {
        let rooms = [
            "Collector/Store/", "Collector/Usage/", "Collector/Detection/", "Collector/Locks/",
        ]
        guard rooms.contains(where: { source.path.hasPrefix($0) }) else { return }
        #expect(!source.text.contains(/Timestamp\.now\b|[ (]\.now\b/))
    }

    @Test("no shortcut that crashes on input", arguments: sources) func shortcuts(_ source: Source)
    {
        for shortcut in ["try!", " as! ", "fatalError(", "TODO", "FIXME", "nonisolated(unsafe)"] {
            #expect(!source.text.contains(shortcut), "\(shortcut)")
        }
        if source.text.contains("@unchecked Sendable {")
            || source.text.contains("@unchecked Sendable,")
        {
            #expect(
                source.text.contains("@unchecked Sendable`:")
                    || source.text.contains("@unchecked Sendable:"), "proof missing")
        }
    }

    @Test(
        "no call of C that answers in memory of the whole process, or changes it under other threads",
        arguments: sources + benchmarks)
    func sharedMemory(_ source: Source) {
        let banned = [
            "getpwuid", "getpwnam", "getpwent", "getgrgid", "getgrnam", "getgrent", "getspnam",
            "getlogin", "ttyname", "ctermid", "cuserid", "strerror", "strsignal", "strtok",
            "localtime", "gmtime", "asctime", "ctime", "mktime", "timelocal", "tzset", "inet_ntoa",
            "gethostbyname", "gethostbyaddr", "gethostent", "getnetbyname",
            "getprotobyname", "getservbyname", "getservbyport", "getmntent", "getutent", "ptsname",
            "tmpnam", "tempnam", "dirname", "basename", "readdir64", "rand", "srand", "random",
            "drand48", "lrand48", "mrand48", "ecvt", "fcvt", "l64a", "nl_langinfo",
            "localeconv", "setlocale", "setenv", "unsetenv", "putenv", "clearenv", "getopt",
            "wait3", "popen", "hcreate", "hsearch", "getdate", "getpass", "umask",
            "chdir", "fchdir", "ERR_error_string",
        ]
        for name in Self.calls(in: source.text).intersection(banned) {
            Issue.record("\(name): use the form that is given memory (UserDatabase, textOfError)")
        }
        // Safe on a stream of one's own, which `Files` opens and closes.
        if !source.path.hasSuffix("Platform/System/Files.swift") {
            #expect(!Self.calls(in: source.text).contains("readdir"))
        }
    }

    @Test(
        "text goes to people by one door, which shows what a terminal would obey",
        arguments: sources + benchmarks)
    func oneDoor(_ source: Source) {
        let isDoor = ["System/ShownText.swift", "System/StandardOutput.swift", "System/Log.swift"]
            .contains { source.path.hasSuffix($0) }
        guard !isDoor else { return }
        for way in ["Swift.print(", "debugPrint(", "dump(", "fputs(", "puts(", "printf("] {
            #expect(!source.text.contains(" " + way), "\(way): print of Platform")
        }
        // The others that stand there write into files, sockets and pipes.
        for way in ["write(1,", "write(2,", "write(STDOUT", "write(STDERR"] {
            #expect(!source.text.contains(way), "\(way): StandardOutput, StandardError, Log")
        }
        if Self.calls(in: source.text).contains("print") {
            #expect(
                source.imports.contains("Platform"), "Swift's own print obeys what others wrote")
        }
    }

    @Test("texts of libcurl go through LibraryText", arguments: sources)
    func libraryTexts(_ source: Source) {
        guard
            source.text.contains("curl_easy_strerror")
                || source.text.contains("CURLOPT_ERRORBUFFER")
        else { return }
        #expect(source.text.contains("LibraryText.cleaned("))
    }

    /// Names of free functions that a text calls: `name(`, neither a member nor a declaration.
    static func calls(in text: String) -> Set<String> {
        var found: Set<String> = []
        for line in text.split(separator: "\n")
        where !line.drop(while: { $0 == " " }).hasPrefix("//") {
            var word = ""
            var before: Character = " "
            var isDeclared = false
            for character in line {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                    continue
                }
                if character == "(", !word.isEmpty, before != ".", !isDeclared {
                    found.insert(word)
                }
                if !word.isEmpty { isDeclared = word == "func" || word == "case" }
                word = ""
                before = character
            }
        }
        return found
    }

    @Test("a room stays small", arguments: sources) func sizes(_ source: Source) {
        let isCatalogue = source.path.contains("Messages+")
        #expect(
            isCatalogue
                || source.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 401
        )
    }
}
