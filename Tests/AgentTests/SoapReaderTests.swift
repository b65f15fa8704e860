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
            ("<d:S><d:TaiKhoan>\t\r\na </d:TaiKhoan></d:S>", "a"),
            ("<d:S><d:TaiKhoan>b&amp;&#60;c</d:TaiKhoan></d:S>", "b&<c"),
            ("<d:S><d:TaiKhoan>b&#7885;</d:TaiKhoan></d:S>", "bọ"),
            ("<d:S><d:TaiKhoan>bọ0</d:TaiKhoan></d:S>", "bọ0"),
            ("<d:S><d:TaiKhoan><![CDATA[a<]]></d:TaiKhoan></d:S>", "a<"),
            ("<d:S><d:TaiKhoan>a\u{A0}b</d:TaiKhoan></d:S>", "a\u{A0}b"),
            ("<d:S><d:TaiKhoan>ệa\u{301}</d:TaiKhoan></d:S>", "ệa\u{301}"),
            ("<d:S><d:TuNgay>1</d:TuNgay></d:S>", "-"),
            ("<d:S><d:TaiKhoan></d:TaiKhoan></d:S>", "-"),
            ("<d:S><d:TaiKhoan> \n </d:TaiKhoan></d:S>", "-"),
            ("<d:S><d:TaiKhoan><![CDATA[]]></d:TaiKhoan></d:S>", "-"),
            ("<d:S><d:TaiKhoan xmlns:i='urn:i' i:nil='true'/></d:S>", "-"),
            ("<d:S><d:TaiKhoan xmlns:i='urn:i' i:nil='false'>a</d:TaiKhoan></d:S>", "a"),
            (
                "<d:S><d:TaiKhoan xmlns:i='urn:i' xmlns:x='urn:x' i:type='x:string'>a</d:TaiKhoan></d:S>",
                "a"
            ),
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
            ("<d:MaTichHop><![CDATA[037]]></d:MaTichHop><!-- b -->", "037"),
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
            "<d:S><d:TaiKhoan/><d:TaiKhoan>a</d:TaiKhoan></d:S>",
            "<d:S><d:MaCanBo/><d:MaCanBo/></d:S>",
            "<d:S><d:MaTichHop>1</d:MaTichHop><d:MaTichHop>1</d:MaTichHop></d:S>",
            "<d:S><d:X><d:MaTichHop>1</d:MaTichHop></d:X></d:S>",
            "<d:S><x:MaTichHop xmlns:x='urn:x'>1</x:MaTichHop></d:S>",
        ])
    func refuses(_ body: String) {
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read(Self.envelope(body)) }
    }

    /// Each in a field that a query is judged by, where "canbo1" and "canbo10" are read by one reader each.
    @Test(
        "what two readers may read differently in a judged field is refused, whichever field it is",
        arguments: ["TaiKhoan", "SoDinhDanh", "SoCMND", "MaCanBo", "MaTichHop"],
        [
            ("", "canbo1<!---->0", SoapReader.Problem.comment("")),
            ("", "<!-- x -->canbo1", .comment("")), ("", "canbo1<!-- x -->", .comment("")),
            ("", "canbo1<![CDATA[0]]>", .pieces("")), ("", "<![CDATA[canbo1]]>0", .pieces("")),
            ("", "<![CDATA[canbo1]]><![CDATA[0]]>", .pieces("")),
            ("", "canbo1<![CDATA[]]>0", .pieces("")), ("", " <![CDATA[canbo1]]>", .pieces("")),
            ("", "<b>canbo1</b>", .child("")), ("", "canbo1<b/>0", .child("")),
            (
                "", "<x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:1'/>",
                .child("")
            ),
            ("", "canbo1&#48;", .escaped("")), ("", "canbo1&#x30;", .escaped("")),
            ("", "c&#97;nbo1", .escaped("")), ("", "&#99;", .escaped("")),
            ("", "canbọ1&#48;", .escaped("")), ("", "a&amp;&#x20;", .escaped("")),
            ("", "canbo1&#9;", .blank("")), ("", "&#10;canbo1", .blank("")),
            ("", "canbo1&#13;", .blank("")), ("", "canbo1&#x9;", .blank("")),
            ("", "canbo1&#x0A;\n", .blank("")), ("", "\n&#xD;canbo1", .blank("")),
            ("", "canbọ1&#xd;", .blank("")), ("", "&#9;", .blank("")),
            ("", "canbo&#10;1", .blank("")), ("", "canbo1&#32;", .escaped("")),
            ("", "<![CDATA[canbo1 ]]>", .blank("")), ("", "<![CDATA[\ncanbo1]]>", .blank("")),
            ("", "<![CDATA[\t]]>", .blank("")), ("", "canbo1&#xA0;", .unseen("")),
            ("", "&#160;canbo1", .unseen("")), ("", " canbo1\u{A0} ", .unseen("")),
            ("", "canbo1&#x85;", .unseen("")), ("", "canbo1&#x2028;", .unseen("")),
            ("", "canbo1&#x3000;", .unseen("")), ("", "<![CDATA[canbo1\u{200B}]]>", .unseen("")),
            ("href='#id0'", "", .reference("")), ("id='id0'", "canbo1", .reference("")),
            ("xmlns:e='urn:e' e:ref='id0'", "", .reference("")),
            ("xmlns:i='urn:i' i:nil='true'", "canbo1", .nilText("")),
            ("xmlns:i='urn:i' i:nil=' 1 '", "<![CDATA[canbo1]]>", .nilText("")),
            ("xmlns:i='urn:i' i:nil='TRUE'", "canbo1", .nilText("")),
            ("xmlns:i='urn:i' i:null='1'", "canbo1", .nilText("")),
            ("xmlns:i='urn:i' i:type='x:int'", "037", .typed("")),
            ("xmlns:i='urn:i' i:type='x:base64Binary'", "Y2FuYm8x", .typed("")),
        ])
    func tricks(_ field: String, _ trick: (String, String, SoapReader.Problem)) {
        let (attributes, content, kind) = trick
        let body = "<d:S><d:\(field) \(attributes)>\(content)</d:\(field)></d:S>"
        // The same kind of problem, of this field.
        let wanted = Self.named(kind, field)
        #expect(throws: wanted) { try SoapReader.read(Self.envelope(body)) }
        #expect(wanted.words.vi != wanted.words.en && wanted.words.en.contains(field))
    }

    private static func named(_ problem: SoapReader.Problem, _ field: String) -> SoapReader.Problem
    {
        switch problem {
        case .comment: .comment(field)
        case .pieces: .pieces(field)
        case .child: .child(field)
        case .escaped: .escaped(field)
        case .blank: .blank(field)
        case .unseen: .unseen(field)
        case .reference: .reference(field)
        case .nilText: .nilText(field)
        case .typed: .typed(field)
        default: problem
        }
    }

    @Test(
        "what is named twice, or nearly so, is refused",
        arguments: [
            ("", "<d:S><d:taikhoan>b</d:taikhoan><d:TaiKhoan>a</d:TaiKhoan></d:S>"),
            ("", "<d:S><d:SODINHDANH>1</d:SODINHDANH></d:S>"),
            ("", "<d:S><d:TaiKhoan>a</d:TaiKhoan><d:X><e:Body/></d:X></d:S>"),
            ("", "<d:S><d:X><body>a</body></d:X></d:S>"), ("<Body/>", "<d:S/>"),
            ("<e:Header><e:Envelope/></e:Header>", "<d:S/>"),
            ("<e:Header><d:TaiKhoan>a</d:TaiKhoan></e:Header>", "<d:S/>"),
            ("<e:Header><SoCMND>1</SoCMND></e:Header>", "<d:S/>"),
            ("<e:Header><w:Action xmlns:w='urn:w'>http://x/T</w:Action></e:Header>", "<d:S/>"),
            (
                "<e:Header><w:Action xmlns:w='urn:w'>S</w:Action><w:Action xmlns:w='urn:w'>S</w:Action></e:Header>",
                "<d:S/>"
            ),
            ("<e:Header><w:Action xmlns:w='urn:w'>S<!-- -->T</w:Action></e:Header>", "<d:S/>"),
            ("", "<d:S href='#a'/>"), ("", "<d:S xmlns:i='urn:i' i:nil='true'/>"),
        ])
    func places(_ head: String, _ body: String) {
        #expect(throws: SoapReader.Problem.self) {
            try SoapReader.read(Self.envelope(body, head: head))
        }
    }

    @Test(
        "a header block that says the same service is no trouble",
        arguments: ["http://dancuquocgia.bca/S", "urn:x:S", "S", "http://x/y#SRequest", " S\n", ""])
    func sameAction(_ action: String) throws {
        let head = "<e:Header><w:Action xmlns:w='urn:w'>\(action)</w:Action></e:Header>"
        #expect(
            try SoapReader.read(Self.envelope("<d:S/>", head: head)).service.rawValue == "S")
    }

    @Test("an action agrees with the service that its last segment names, quoted or not")
    func actions() throws {
        let service = try #require(ServiceName("TraCuu"))
        for action in [
            "", "\"\"", "\"TraCuu\"", "http://x/TraCuu", " \"urn:x:TraCuu\" ", "a#TraCuu",
        ] {
            #expect(SoapReader.agrees(action, with: service), "\(action)")
        }
        for action in [
            "XacThuc", "\"http://x/XacThuc\"", "http://x/TraCuu/", "tracuu", "TraCuu\"", "/",
            "\"urn:XacThuc\", \"urn:TraCuu\"", "urn:XacThuc,urn:TraCuu",
        ] {
            #expect(!SoapReader.agrees(action, with: service), "\(action)")
        }
    }

    @Test("SOAP 1.2, XML 1.1 and a document with something behind it are told as such")
    func documents() throws {
        let good = Self.envelope("<d:S><d:TaiKhoan>a</d:TaiKhoan></d:S>")
        let text = String(decoding: good, as: UTF8.self)
        let soap12 = text.replacing(
            "http://schemas.xmlsoap.org/soap/envelope/",
            with: "http://www.w3.org/2003/05/soap-envelope")
        #expect(throws: SoapReader.Problem.soap12) { try SoapReader.read([UInt8](soap12.utf8)) }
        #expect(throws: SoapReader.Problem.xml(.version("1.1"))) {
            try SoapReader.read([UInt8]("<?xml version='1.1'?>\(text)".utf8))
        }
        #expect(throws: SoapReader.Problem.xml(.doctype)) {
            try SoapReader.read([UInt8]("<!DOCTYPE e [<!ENTITY a 'b'>]>\(text)".utf8))
        }
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read(good + good) }
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read(good + [120]) }
        for name in ["utf8", "UTF8", "Us-Ascii", "utf-8"] {
            let declared = "<?xml version='1.0' encoding='\(name)'?>\(text)"
            #expect(try SoapReader.read([UInt8](declared.utf8)).login.rawValue == "a", "\(name)")
        }
        let broken = "<?xml version='1.0' encoding='us-ascii'?>\(text)".replacing(
            ">a<", with: ">ạ<")
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read([UInt8](broken.utf8)) }
        #expect(try SoapReader.read([0xEF, 0xBB, 0xBF] + good).login.rawValue == "a")
    }

    @Test(
        "a subject is 12 digits, or 9 of the old card; anything else is read and told",
        arguments: [
            ("<d:SoDinhDanh>000099000001</d:SoDinhDanh>", "000099000001", true),
            ("<d:SoCMND>000000001</d:SoCMND>", "000000001", true),
            ("<d:SoDinhDanh/><d:SoCMND>000000001</d:SoCMND>", "000000001", true),
            ("<d:SoDinhDanh>000099000001</d:SoDinhDanh><d:SoCMND/>", "000099000001", true),
            ("<d:SoDinhDanh>000000001</d:SoDinhDanh>", "000000001", false),
            ("<d:SoCMND>000099000001</d:SoCMND>", "000099000001", false),
            ("<d:SoDinhDanh>00009900000A</d:SoDinhDanh>", "00009900000A", false),
            ("<d:SoDinhDanh>٠٠٠٠٩٩</d:SoDinhDanh>", "٠٠٠٠٩٩", false), ("", "", true),
        ])
    func subjects(_ fields: String, _ subject: String, _ isWhole: Bool) throws {
        let reading = try SoapReader.read(Self.envelope("<d:S>\(fields)</d:S>"))
        #expect(reading.subject == subject && reading.isSubjectWhole == isWhole)
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

    @Test(
        "a body that is no XML is told in each language's own words",
        arguments: [
            "", " \n", "x", "<a>", "<a></b>", "<a/><b/>", "<s:a/>", "<a>&x</a>", "<a\u{1}/>",
        ])
    func words(_ body: String) {
        #expect {
            try SoapReader.read([UInt8](body.utf8))
        } throws: { error in
            guard let words = (error as? SoapReader.Problem)?.words else { return false }
            // Vietnamese has a letter beyond ASCII in nearly every word; no English word of libxml2 stands among them.
            let foreign = ["document", "content", "tag", "error", "not", "expected", "Extra"]
            return words.vi != words.en
                && !foreign.contains { words.vi.split(separator: " ").contains($0[...]) }
        }
    }
}
