import Domain
import Glibc
import Platform
import Testing
@testable import Collector
@testable import CollectorBackups
@testable import CollectorEvidence
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("CSV") struct CSVTests {
    @Test(
        "quotes, line ends, byte order mark and semicolons are read",
        arguments: [
            ("a,b\r\n1,\"x, \"\"y\"\"\"\r\n", ["1", "x, \"y\""]), ("\u{FEFF}a;b\n1;2", ["1", "2"]),
            ("a,b\n1,\"x\ny\"\n", ["1", "x\ny"]), ("a,b\n , \n1,2\n", ["1", "2"]),
            ("a,b\n1,\"2\"\r\n", ["1", "2"]), ("a,b\n1,2\"3\n", ["1", "2\"3"]),
        ])
    func reads(_ text: String, _ cells: [String]) throws {
        #expect(try CSV(text).rows.map(\.cells) == [cells])
    }

    @Test(
        "what is wrong names its line",
        arguments: [
            ("a,b\n1\n", 2), ("a\n\"x\n", 2), ("", 1), ("a,b\n1,\"x\"y\n", 2),
            ("a\n1\n\"x\" \n", 3),
        ])
    func refuses(_ text: String, _ line: Int) {
        #expect(performing: { try CSV(text) }, throws: { ($0 as? CSV.Problem)?.line == line })
    }
}

@Suite("RegistryImport") struct RegistryImportTests {
    private func records() throws -> Records {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        return Records(db: db)
    }

    private func run(_ kind: RegistryKind, _ text: String, _ records: Records) throws
        -> RegistryImport.Outcome
    {
        try RegistryImport(records: records, replaces: false).run(
            kind, file: "\(kind).csv", text: text)
    }

    @Test("the letter's own heads are taken, and a second import changes nothing")
    func forms() throws {
        let records = try records()
        _ = try run(.units, "code,name,kind\nH26,Hà Nội,city\n", records)
        _ = try run(
            .systems,
            "Mã hệ thống,Mã đơn vị,Tên Hệ thống thông tin, CSDL\n".replacing(
                "tin, CSDL", with: "tin"
            )
            .replacing("Tên Hệ thống thông tin", with: "name") + "H26.motcua,H26,Một cửa\n", records
        )
        let form = """
            TT,Hệ thống,Tên tài khoản đăng nhập,Họ và tên,Số CCCD,Mã cán bộ (nếu có),Số điện thoại,Số lần truy vấn trong ngày
            1,H26.motcua,canbo1,NGUYENVANMAU,000000000001,,0000000000,40

            """
        #expect(try run(.accounts, form, records).added == 1)
        #expect(try run(.accounts, form, records).unchanged == 1)
        #expect(try records.account(Login("canbo1")!, SystemCode("H26.motcua")!)?.perDay == 40)
    }

    @Test(
        "a problem names file, line, column and value, in both languages",
        arguments: [
            (
                "accounts", "system,login,full_name,cccd,per_day\nH99.x,a,N,000000000001,1\n",
                "accounts.csv:2: system: \"H99.x\" is not"
            ),
            (
                "units", "code,name,kind\nh26,x,city\n",
                "units.csv:2: code: \"h26\" must be a unit code"
            ),
            (
                "units", "code,nam,kind\nH26,x,city\n",
                "column \"nam\" is unknown; did you mean name?"
            ),
            ("units", "code,name,kind\nH26,x,city\nH26,y,city\n", "the same as line 2"),
            (
                "systems", "code,unit,name\n\u{41D}26.mot,H26,x\n",
                "systems.csv:2: code: \"\u{41D}26.mot (U+041D)\" mixes in letters"
            ),
            ("units", "code,name,kind\nH26,x\n", "units.csv:2: 2 cells; the header has 3"),
            ("units", "code,name,kind\nH26,\"x\n", "units.csv:2: a quote is not closed"),
        ])
    func problems(_ kind: String, _ text: String, _ told: String) throws {
        let records = try records()
        #expect(
            performing: { try run(RegistryKind(rawValue: kind)!, text, records) },
            throws: { error in
                guard let failure = error as? CommandFailure else { return false }
                let (english, vietnamese) = (failure.description, failure.vietnamese)
                return english.contains(told) && english.hasPrefix("\(kind).csv:")
                    && vietnamese.hasPrefix("\(kind).csv:") && !vietnamese.contains(told)
            })
    }
}

@Suite("Cells of registry files") struct RegistryCellTests {
    /// Columns and a sound row of each kind.
    private static let files: [(RegistryKind, [String], [String])] = [
        (.units, RegistryKind.units.columns, ["H27", "Đơn vị", "city", "01"]),
        (
            .systems, RegistryKind.systems.columns,
            ["H26.hai", "H26", "Hệ thống", "Đầu mối", "0000000000", "a@example.org"]
        ),
        (
            .services, RegistryKind.services.columns,
            ["H26.motcua", "TraCuuThongTinCongDan", "100", "10", "Thử"]
        ),
        (
            .accounts, RegistryKind.accounts.columns,
            [
                "H26.motcua", "canbo1", "NGUYENVANMAU", "000000000001", "CB1", "0000000000", "40",
                "person",
            ]
        ),
        (
            .notices, RegistryKind.notices.columns,
            [
                "H26.motcua", "TraCuuThongTinCongDan", "2026-11-01", "2026-12-01", "20-23", "90",
                "Đầu mối", "accepted", "12/TB", "Chạy đêm",
            ]
        ),
    ]

    private func outcome(_ kind: RegistryKind, _ columns: [String], _ cells: [String]) throws
        -> RegistryPlan
    {
        let db = try SQLiteConnection(path: ":memory:")
        try db.execute(Schema.sql)
        let records = Records(db: db)
        for (kind, text) in [
            (RegistryKind.units, "code,name,kind\nH26,x,city\n"),
            (.systems, "code,unit,name\nH26.motcua,H26,x\n"),
        ] {
            _ = try RegistryImport(records: records, replaces: false).run(
                kind, file: "x", text: text)
        }
        let row = cells.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
        let text = columns.joined(separator: ",") + "\n" + row.joined(separator: ",") + "\n"
        return try RegistryPlanner(records: records, replaces: false).plan(
            kind, RegistrySource(file: "\(kind).csv", text: text), known: RegisteredPlaces(records))
    }

    @Test("no column of any kind takes what cannot be seen; what is refused names the column")
    func hidden() throws {
        for (kind, columns, cells) in Self.files {
            #expect(try outcome(kind, columns, cells).outcome.added == 1)
            for (place, column) in columns.enumerated() {
                for evil in [
                    "\u{0}", "\u{1B}[2J", "\u{9B}", "\u{7F}", "\u{200B}", "\u{202E}", "\u{2066}",
                    "\u{AD}", "\u{FEFF}", "\u{2028}", "\u{3164}", "\u{E0041}", "\u{FFF9}",
                ] {
                    var other = cells
                    other[place] =
                        String(other[place].prefix(1)) + evil + other[place].dropFirst()
                    let failure = #expect(throws: CommandFailure.self, "\(kind) \(column)") {
                        try outcome(kind, columns, other)
                    }
                    #expect(failure?.description.contains("\(column): ") == true)
                    #expect(failure?.vietnamese.contains("\(column): ") == true)
                    let texts = (failure?.description ?? "") + (failure?.vietnamese ?? "")
                    #expect(
                        texts.unicodeScalars.allSatisfy { $0 == "\n" || !ShownText.isHidden($0) })
                }
            }
        }
    }

    @Test("only words to people may have several lines; numbers are digits")
    func lines() throws {
        let several: Set<String> = ["contact", "purpose", "plan"]
        for (kind, columns, cells) in Self.files {
            for (place, column) in columns.enumerated() {
                var other = cells
                other[place] = String(other[place].prefix(1)) + "\n" + other[place].dropFirst()
                let isTaken = (try? outcome(kind, columns, other)) != nil
                #expect(isTaken == several.contains(column), "\(kind) \(column)")
                guard RegistryKind.numbers.contains(column) else { continue }
                for evil in ["+9", "-9", "9.0", "９", "٩", "9e3", "0x9", "", "9 0", "10000001"] {
                    other[place] = evil
                    #expect((try? outcome(kind, columns, other)) == nil, "\(column) \(evil)")
                }
            }
        }
    }

    @Test("names and codes take no letters that look like others") func disguised() throws {
        let names: Set<String> = [
            "code", "unit", "system", "login", "service", "officer_code", "email", "province_code",
            "kind", "status", "from", "to", "hours", "cccd", "per_day", "office_per_day",
            "off_per_day",
        ]
        for (kind, columns, cells) in Self.files {
            for (place, column) in columns.enumerated() where names.contains(column) {
                for evil in [
                    "\u{430}a", "\u{FF11}", "\u{1D400}", "\u{2170}x", "\u{3B1}b", "\u{A0}",
                ] {
                    var other = cells
                    other[place] =
                        String(other[place].prefix(1)) + evil + other[place].dropFirst()
                    #expect(
                        (try? outcome(kind, columns, other)) == nil, "\(kind) \(column) \(evil)")
                }
            }
        }
    }

    @Test("as many rows as are said, header apart, and a line too long is named")
    func bounds() throws {
        let rows = String(repeating: "x\n", count: 1000)
        var count = 0
        try CSV.read("a\n" + rows, rowsMax: 1000, header: { _ in }, row: { _ in count += 1 })
        #expect(count == 1000)
        let over = #expect(throws: CSV.Problem.self) {
            try CSV.read("a\n" + rows + "x", rowsMax: 1000, header: { _ in }, row: { _ in })
        }
        #expect(over?.message.en.contains("1000 rows") == true)
        let long = String(repeating: "x", count: 1 << 20)
        for cell in [long, "\"" + long + "\"", "\"" + String(repeating: "\n", count: 5000) + "\""] {
            let over = #expect(throws: CSV.Problem.self) { try CSV("a,b\n1," + cell + "\n") }
            #expect(over?.message.vi.contains("tối đa 4096") == true)
        }
    }
}
