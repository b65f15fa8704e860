import Domain
import Testing

@testable import Agent

@Suite("SoapReader") struct SoapReaderTests {
    static func envelope(_ body: String, head: String = "") -> [UInt8] {
        [UInt8](
            """
            <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:d="http://dancuquocgia.bca">\(head)\
            <e:Body>\(body)</e:Body></e:Envelope>
            """.utf8)
    }

    @Test(
        "service and account are found; white space around a login is not part of it",
        arguments: [
            ("<d:S><d:TaiKhoan>a</d:TaiKhoan></d:S>", "a"),
            ("<d:S><d:TaiKhoan>\n a </d:TaiKhoan></d:S>", "a"),
            ("<d:S><d:TaiKhoan><![CDATA[a]]>b&amp;c</d:TaiKhoan></d:S>", "ab&c"),
            ("<d:S><d:TuNgay>1</d:TuNgay></d:S>", "-"),
        ])
    func reads(_ body: String, _ login: String) throws {
        let reading = try SoapReader.read(Self.envelope(body))
        #expect(reading.service.rawValue == "S" && reading.login.rawValue == login)
    }

    @Test("broken UTF-8 inside CDATA is no name: another reader might see another account")
    func brokenBytes() {
        for field in ["TaiKhoan", "MaCanBo"] {
            let parts = ["<d:S><d:\(field)><![CDATA[canbo", "]]></d:\(field)></d:S>"]
            let envelope = Self.envelope(parts.joined(separator: "\u{1A}"))
            // An overlong "i".
            let broken = envelope.flatMap { $0 == 0x1A ? [0xC1, 0xA9] : [$0] }
            #expect(throws: SoapReader.Problem.self) { try SoapReader.read(broken) }
        }
    }

    @Test(
        "MaTichHop is read without the white space around it",
        arguments: [
            ("<d:MaTichHop> 037\n</d:MaTichHop>", "037"), ("<d:MaTichHop/>", ""), ("", ""),
            ("<d:MaTichHop>0<!-- -->37</d:MaTichHop>", "037"),
        ])
    func integration(_ element: String, _ expected: String) throws {
        let body = "<d:S>\(element)<d:TaiKhoan>a</d:TaiKhoan></d:S>"
        #expect(try SoapReader.read(Self.envelope(body)).integration == expected)
        let sync = "<d:S>\(element)<d:TuNgay>1</d:TuNgay></d:S>"
        #expect(try SoapReader.read(Self.envelope(sync)).integration == expected)
    }

    @Test(
        "what could show the agent one account and the NPD another is refused",
        arguments: [
            "<d:S><d:TaiKhoan>a</d:TaiKhoan><d:TaiKhoan>b</d:TaiKhoan></d:S>",
            "<d:S><d:X><d:TaiKhoan>a</d:TaiKhoan></d:X></d:S>", "<d:S><TaiKhoan>a</TaiKhoan></d:S>",
            "<d:S><d:TaiKhoan><d:b>a</d:b></d:TaiKhoan></d:S>", "<d:S/><d:T/>", "",
            "<d:TaiKhoan>a</d:TaiKhoan>",
            "<d:S><d:TaiKhoan></d:TaiKhoan></d:S>", "<d:S><d:MaCanBo/><d:MaCanBo/></d:S>",
            "<d:S><d:MaTichHop>1</d:MaTichHop><d:MaTichHop>1</d:MaTichHop></d:S>",
            "<d:S><d:X><d:MaTichHop>1</d:MaTichHop></d:X></d:S>",
            "<d:S><x:MaTichHop xmlns:x='urn:x'>1</x:MaTichHop></d:S>",
        ])
    func refuses(_ body: String) {
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read(Self.envelope(body)) }
    }

    @Test(
        "subject, officer, request id and MaDVC are read beside the account; those not judged need no place"
    )
    func others() throws {
        let reading = try SoapReader.read(
            Self.envelope(
                """
                <d:S><d:MaYeuCau> Y-1 </d:MaYeuCau><d:MaDVC>VPCP</d:MaDVC><d:MaDVC>X</d:MaDVC>\
                <d:MaCanBo>000000000001</d:MaCanBo><d:TaiKhoan>a</d:TaiKhoan>\
                <d:SoDinhDanh>000099000001</d:SoDinhDanh><d:X><d:MaYeuCau>Y-2</d:MaYeuCau></d:X></d:S>
                """))
        #expect(reading.messageID == "Y-1" && reading.serviceUnit == "VPCP")
        #expect(reading.officer == "000000000001" && reading.subject == "000099000001")
        let bare = try SoapReader.read(Self.envelope("<d:S><d:TaiKhoan>a</d:TaiKhoan></d:S>"))
        #expect(bare.subject.isEmpty && bare.officer == nil && bare.messageID.isEmpty)
    }

    @Test("no cut or changed byte of a query crashes the reader")
    func mutations() {
        let good = Self.envelope("<d:S><d:TaiKhoan>canbo1</d:TaiKhoan></d:S>", head: "<e:Header/>")
        for index in good.indices {
            _ = try? SoapReader.read(Array(good[..<index]))
            for byte in [0, 60, 62, 38, 255] as [UInt8] {
                var changed = good
                changed[index] = byte
                _ = try? SoapReader.read(changed)
            }
        }
        #expect((try? SoapReader.read(good))?.login.rawValue == "canbo1")
    }
}
