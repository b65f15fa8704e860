import Domain
import Glibc
import Platform
import Testing

@testable import Collector

@Suite("CSV") struct CSVTests {
    @Test(
        "quotes, line ends, byte order mark and semicolons are read",
        arguments: [
            ("a,b\r\n1,\"x, \"\"y\"\"\"\r\n", ["1", "x, \"y\""]), ("\u{FEFF}a;b\n1;2", ["1", "2"]),
            ("a,b\n1,\"x\ny\"\n", ["1", "x\ny"]),
        ])
    func reads(_ text: String, _ cells: [String]) throws {
        #expect(try CSV(text).rows.map(\.cells) == [cells])
    }

    @Test("what is wrong names its line", arguments: [("a,b\n1\n", 2), ("a\n\"x\n", 2), ("", 1)])
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
