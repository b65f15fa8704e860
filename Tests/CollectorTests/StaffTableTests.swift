import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// Every command of the server, asked as staff ask.
struct StaffTable {
    let rig: SenderRig
    let lock: LockRecord
    /// Two that wait for staff.
    let proposals: [LockRecord]

    /// A collector with something of everything in it.
    init(_ rig: SenderRig) throws {
        self.rig = rig
        for (agent, login) in [(rig.honest, "canbo1"), (rig.rogue, "nguoila")] {
            rig.time.pass(60_000)
            try rig.push(
                agent,
                rig.summary(
                    agent, [rig.row(3, login: login), rig.row(2, denied: ["R8.account": 4])]))
        }
        rig.time.pass(60_000)
        lock = try rig.lock("account=canbo1@H26.mot")
        _ = try rig.lock("system=H29.mot")
        proposals = try ["account=canbo1@H29.mot", "service=Tra@H29.mot"].map { scope in
            try rig.server.store.write { records in
                try rig.server.locks.book(records, at: .now).propose(
                    .init(
                        scope: #require(Scope(scope)), reason: "R4", note: "x", issuedBy: "R4"))
            }
        }
        for (name, options, arguments) in [
            (
                "quota grant",
                ["scope": "account=canbo1@H26.mot", "queries": "5", "for": "8h", "reason": "x"], []
            ),
            ("emergency", ["for": "2h", "decision": "12/QĐ"], ["H29"]),
            ("agent token", [:], ["H26.mot"]),
        ] as [(String, [String: String], [String])] {
            _ = try run(name, options, arguments)
        }
        rig.time.pass(60_000)
        try rig.push(rig.honest, rig.summary(rig.honest, [rig.row(1)]))
    }

    func run(
        _ command: String, _ options: [String: String] = [:], _ arguments: [String] = [],
        flags: [String] = [], files: [AdminRequest.NamedFile] = [], language: Language = .en
    ) throws -> AdminAnswer {
        var all = options.mapValues { [$0] }
        all["lang"] = [language.rawValue]
        defer { rig.server.audit.sign() }
        let files =
            files.isEmpty && command == "registry import"
            ? [AdminRequest.NamedFile(name: "services.csv", text: Self.services)] : files
        return try StaffCommands(desk: rig.server.desk, who: "uid 0 root").run(
            AdminRequest(
                command: command, options: all, flags: flags, arguments: arguments, files: files))
    }

    typealias Question = (
        command: String, options: [String: String], arguments: [String], flags: [String]
    )

    /// A change, a row that goes and one that comes.
    private static let services =
        "system,service,office_per_day,off_per_day\nH26.mot,Tra,800000,800\nH26.mot,Hai,5,5\n"

    /// What only looks, as far as it needs nobody else.
    var looking: [Question] {
        let lists = RegistryKind.allCases.map {
            ("registry list", [:], [$0.rawValue], []) as Question
        }
        let usage = ["unit,window", "system,account,service", "hour", "day", "date"].map {
            ("usage", ["by": $0], [], []) as Question
        }
        return lists + usage + [
            ("usage", ["by": "date", "from": "2020-01-01", "to": "9999-12-31"], [], []),
            ("agent list", [:], [], []), ("agent show", [:], ["H26.mot/1"], []),
            ("alerts list", [:], [], []), ("alerts show", [:], ["1"], []),
            ("alerts changes", ["after": "0"], [], []), ("shift report", [:], [], []),
            ("lock list", [:], [], ["all"]), ("lock show", [:], [lock.id], []),
            ("lock preview", ["scope": "system=H26.mot"], [], []),
            ("lock export", ["format": "json"], [], []),
            ("lock export", ["format": "nginx-map"], [], []), ("quota list", [:], [], []),
            ("evidence show", ["agent": "H26.mot/1", "seq": "1"], [], []),
            ("evidence verify", [:], [], []),
            ("evidence verify", ["from": "2020-01-01", "to": "9999-12-31"], [], []),
            ("audit list", [:], [], []), ("audit verify", [:], [], []),
            ("clock show", [:], [], []), ("evidence pack", [:], [lock.id], []),
        ]
    }

    /// What changes something; what it needs is there the first time.
    var acting: [Question] {
        [
            ("lockset export", ["system": "H26.mot"], [], []),
            (
                "lock add", ["scope": "account=canbo2@H26.mot", "reason": "x", "for": "24h"], [], []
            ),
            (
                "quota grant",
                ["scope": "account=canbo1@H26.mot", "queries": "5", "for": "8h", "reason": "x"], [],
                []
            ),
            ("emergency", ["decision": "12/QĐ"], ["H29"], ["end"]),
            ("agent mode", [:], ["H26.mot", "observe"], []),
            ("agent mode", [:], ["H26.mot", "enforce"], []),
            ("agent token", [:], ["H26.mot"], []),
            ("alerts resolve", ["note": "x"], ["1"], []),
            (
                "lock replace", ["scope": "account=canbo3@H26.mot", "reason": "x"], [lock.id], []
            ),
            ("lock release", ["reason": "x", "outcome": "mistaken"], [lock.id], []),
            ("agent revoke", [:], ["H29.mot/1"], []),
            ("clock accept", ["reason": "x"], [], []),
            ("lock approve", ["for": "24h", "confirm": "x"], [proposals[0].id], []),
            ("lock reject", ["reason": "x"], [proposals[1].id], []),
            ("registry import", [:], [], ["dry-run", "replace"]),
            ("registry import", ["confirm": "1"], [], ["replace"]),
            (
                "backup", [:], ["\(rig.folder)/backups/\(UInt64.random(in: 0 ... .max))"],
                ["unsealed"]
            ),
        ]
    }

    /// Without what it needs.
    static let commands = Privilege.table.keys.filter { !$0.contains("--") }.sorted()
}

@Suite("Every command of staff") struct StaffTableTests {
    @Test("is answered, or refused, in the language that was asked for")
    func languages() throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            for question in table.looking {
                let answers = try Language.allCases.map {
                    try table.run(
                        question.command, question.options, question.arguments,
                        flags: question.flags, language: $0
                    ).text ?? ""
                }
                #expect(
                    answers[0] != answers[1] || !Self.isSentence(answers[0]),
                    "\(question.command): \(answers[0])")
            }
            for question in table.acting {
                var said: [String] = []
                for language in Language.allCases {
                    do {
                        let answer = try table.run(
                            question.command, question.options, question.arguments,
                            flags: question.flags, language: language)
                        said.append(answer.text ?? "")
                        said += answer.warnings ?? []
                    } catch { said.append(Wire.text(of: error, language)) }
                }
                for text in said where Self.isSentence(text) {
                    #expect(said.count { $0 == text } == 1, "\(question.command): \(text)")
                }
            }
        }
    }

    @Test("says in both languages what it lacks, and what it does not know")
    func failures() throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            for command in StaffTable.commands {
                for arguments in [[], ["không có"], ["H26.mot", "x"]] {
                    let texts = Language.allCases.map { language in
                        do {
                            return try table.run(
                                command, ["scope": "x", "from": "x"], arguments, language: language
                            ).text ?? ""
                        } catch { return Wire.text(of: error, language) }
                    }
                    #expect(
                        texts[0] != texts[1] || !Self.isSentence(texts[0]), "\(command): \(texts)")
                }
            }
        }
    }

    /// Three words of letters, and no JSON, map or archive.
    private static func isSentence(_ text: String) -> Bool {
        guard let first = text.first, !"{[#~".contains(first) else { return false }
        return text.split(separator: " ").count { $0.allSatisfy(\.isLetter) } >= 3
    }

    @Test("enforcing where nothing that a system used is registered is asked, with the number")
    func mode() throws {
        try SenderRig.run { rig in
            let system = rig.rogue.id.system
            try rig.server.store.write { try $0.setMode(system, .observe) }
            rig.time.pass(60_000)
            try rig.push(
                rig.rogue,
                rig.summary(rig.rogue, [rig.row(3, login: "la1"), rig.row(2, login: "la2")]))
            func enforce(_ confirm: String?) throws -> AdminAnswer {
                try StaffCommands(desk: rig.server.desk, who: "x").run(
                    AdminRequest(
                        command: "agent mode", options: confirm.map { ["confirm": [$0]] } ?? [:],
                        flags: [], arguments: [system.rawValue, "enforce"], files: []))
            }
            for wrong in [nil, "1", "3"] {
                let failure = #expect(throws: CommandFailure.self) { try enforce(wrong) }
                #expect(failure?.description.contains("--confirm 2") == true)
                #expect(failure?.vietnamese.contains("--confirm 2") == true)
                #expect(failure?.code == .usage)
            }
            #expect(try rig.server.store.read { try $0.system(system)?.mode } == .observe)
            _ = try enforce("2")
            #expect(try rig.server.store.read { try $0.system(system)?.mode } == .enforce)
            // One of those that it used is registered: nothing to ask.
            try rig.server.store.write { try $0.setMode(system, .observe) }
            rig.time.pass(60_000)
            try rig.push(rig.rogue, rig.summary(rig.rogue, [rig.row(1)]))
            _ = try enforce(nil)
        }
    }

    @Test("a time that people give is a time, and no end lies beyond a year")
    func times() throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let times = [
                "9999-12-31", "9999-12-31T23:59:59+07:00", "9999-12-31T23:59:59-12:00",
                "10000-01-01", "0000-00-00", "0001-01-01", "-2026-01-01", "2027-12-31",
                "+292277026596-12-04", "2026-02-30", "", " ", "99999999999999999999",
            ]
            let ends: [StaffTable.Question] = [
                ("lock add", ["scope": "account=canbo5@H26.mot", "reason": "x"], [], []),
                (
                    "quota grant",
                    ["scope": "account=canbo1@H26.mot", "queries": "5", "reason": "x"], [], []
                ), ("emergency", ["decision": "x"], ["H29"], []),
                ("lock approve", [:], [table.proposals[0].id], []),
            ]
            for (command, options, arguments, flags) in ends {
                for (name, values) in [
                    ("until", times),
                    ("for", ["9999999999999999999d", "367d", "8785h", "0h", "-1h", "527041m", ""]),
                ] {
                    for value in values {
                        let given = options.merging([name: value]) { $1 }
                        #expect(throws: (any Error).self, "\(command) --\(name) \(value)") {
                            try table.run(command, given, arguments, flags: flags)
                        }
                    }
                }
            }
            for (command, options, arguments, flags) in table.looking {
                for from in times {
                    for name in ["from", "to"] {
                        let given = options.merging([name: from]) { $1 }
                        _ = try? table.run(command, given, arguments, flags: flags)
                    }
                }
            }
        }
    }

    @Test(
        "no number that a database can hold ends the program",
        arguments: [Int64.max, .min, 0, 1 << 53])
    func numbers(_ number: Int64) throws {
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let tried = try table.eachColumn("INTEGER") { _, _ in
                .integer(number)
            } body: { _ in
                // Errors and refusals are answers; one that acts is tried with each number of each column, too.
                for question in table.looking + table.acting
                // It copies pages and reckons with nothing: once a column is enough.
                where question.command != "backup" || number == .max {
                    _ = try? table.run(
                        question.command, question.options, question.arguments,
                        flags: question.flags)
                }
            }
            #expect(tried > 60)
            #expect(try table.run("usage", ["by": "unit"]).json != nil)
        }
    }

    /// What a restored database of somebody else, an agent or a colleague may have put there.
    @Test("no text that a database can hold begins a line of ours, in any format")
    func texts() throws {
        let mark = "KẾT LUẬN"
        let evil = "x\u{1B}[2J\u{202E}\r\n\(mark): đúng\u{2028}\(mark)\u{85}\(mark)\u{B}\(mark)"
        try SenderRig.run { rig in
            let table = try StaffTable(rig)
            let tried = try table.eachColumn("TEXT") { _, _ in
                .text(evil)
            } body: { changed in
                for question in table.looking {
                    let place = "\(changed): \(question.command)"
                    var lines: [String] = []
                    do {
                        let answer = try table.run(
                            question.command, question.options, question.arguments,
                            flags: question.flags)
                        lines = [answer.text ?? ""] + (answer.warnings ?? [])
                        for row in answer.rows ?? [] {
                            #expect(
                                row.allSatisfy { !$0.unicodeScalars.contains(where: \.isHidden) },
                                "\(place)")
                        }
                    } catch { lines = [Wire.text(of: error, .vi), Wire.text(of: error, .en)] }
                    for text in lines {
                        let shown = ShownText.lines(text).split(whereSeparator: \.isNewline)
                        #expect(!shown.contains { $0.hasPrefix(mark) }, "\(place)")
                    }
                }
            }
            #expect(tried > 40)
        }
    }
}
