import Domain
import Platform
import Testing

@testable import Agent

/// What agent and NPD could read differently, in other clothes than the cases that were found.
@Suite("Queries that two readers could read differently") struct SoapVariantsTests {
    private static func query(_ fields: String, head: String = "", on service: String = "")
        -> [UInt8]
    {
        SoapReaderTests.envelope("<d:S\(service)>\(fields)</d:S>", head: head)
    }

    private static let refused: [String] = [
        // What trims, and what does not.
        "<d:TaiKhoan>a\u{A0}</d:TaiKhoan>", "<d:TaiKhoan>\u{3000}a</d:TaiKhoan>",
        "<d:TaiKhoan>a\u{2028}</d:TaiKhoan>", "<d:TaiKhoan>a\u{200B}</d:TaiKhoan>",
        "<d:TaiKhoan>\u{FEFF}a</d:TaiKhoan>", "<d:TaiKhoan>a\u{85}</d:TaiKhoan>",
        "<d:TaiKhoan> a\u{2003} </d:TaiKhoan>", "<d:TaiKhoan>a\u{AD}</d:TaiKhoan>",
        "<d:TaiKhoan>a&#160;</d:TaiKhoan>", "<d:TaiKhoan>a&#x3000;</d:TaiKhoan>",
        "<d:TaiKhoan><![CDATA[a\u{202F}]]></d:TaiKhoan>", "<d:TaiKhoan>\u{A0}</d:TaiKhoan>",
        "<d:SoDinhDanh>000099000001\u{A0}</d:SoDinhDanh>",
        "<d:SoCMND>\u{3000}000000001</d:SoCMND>", "<d:MaCanBo>cb\u{200D}</d:MaCanBo>",
        "<d:MaTichHop>m\u{A0}</d:MaTichHop>",
        // Comments and pieces, in each field and place.
        "<d:TaiKhoan><!-- -->a</d:TaiKhoan>", "<d:TaiKhoan>a<!----></d:TaiKhoan>",
        "<d:TaiKhoan> <!----> </d:TaiKhoan>", "<d:SoDinhDanh>0000<!--x-->99000001</d:SoDinhDanh>",
        "<d:SoCMND><!--x-->000000001</d:SoCMND>", "<d:MaCanBo>a<!--x-->b</d:MaCanBo>",
        "<d:MaTichHop>a<!--x--></d:MaTichHop>", "<d:TaiKhoan>a<?p x?>b</d:TaiKhoan>",
        "<d:TaiKhoan>a<![CDATA[]]></d:TaiKhoan>", "<d:TaiKhoan><![CDATA[]]>a</d:TaiKhoan>",
        "<d:TaiKhoan> <![CDATA[a]]></d:TaiKhoan>", "<d:TaiKhoan><![CDATA[a]]> </d:TaiKhoan>",
        "<d:TaiKhoan><![CDATA[a]]><![CDATA[]]></d:TaiKhoan>",
        "<d:SoDinhDanh><![CDATA[0000]]>99000001</d:SoDinhDanh>",
        "<d:TaiKhoan>a<d:b/></d:TaiKhoan>", "<d:TaiKhoan><x xmlns=''>a</x></d:TaiKhoan>",
        // References.
        "<d:TaiKhoan>&#97;</d:TaiKhoan>", "<d:TaiKhoan>canbo&#x31;</d:TaiKhoan>",
        "<d:TaiKhoan>a&#32;</d:TaiKhoan>", "<d:TaiKhoan>&b;</d:TaiKhoan>",
        "<d:TaiKhoan>a&#0;</d:TaiKhoan>", "<d:TaiKhoan>a&#xD800;</d:TaiKhoan>",
        "<d:TaiKhoan href='#1'/>", "<d:TaiKhoan id='1'>a</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:w='urn:w' w:ref='x'/>", "<d:SoDinhDanh href='cid:1'/>",
        "<d:TaiKhoan><i:Include xmlns:i='http://www.w3.org/2004/08/xop/include' href='cid:a'/></d:TaiKhoan>",
        // Nil beside text; types that are no text.
        "<d:TaiKhoan xmlns:i='urn:i' i:nil='1'>a</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:nil=' true '>a</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:null='true'>a</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:nil='TRUE'>a</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:nil='true'><![CDATA[a]]></d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:type='x:base64Binary'>YQ==</d:TaiKhoan>",
        "<d:TaiKhoan xmlns:i='urn:i' i:type='x:QName'>a</d:TaiKhoan>",
        "<d:TaiKhoan HREF='#1'/>", "<d:TaiKhoan xmlns:i='urn:i' i:Nil='true'>a</d:TaiKhoan>",
        // Twice, elsewhere, in other capitals or another namespace.
        "<d:TaiKhoan>a</d:TaiKhoan><d:TaiKhoan/>", "<d:taikhoan>a</d:taikhoan>",
        "<d:TAIKHOAN>a</d:TAIKHOAN>", "<d:X><d:TaiKhoan>a</d:TaiKhoan></d:X>",
        "<x:TaiKhoan xmlns:x='urn:x'>a</x:TaiKhoan>", "<TaiKhoan>a</TaiKhoan>",
        "<d:SoDinhDanh/><d:SoDinhDanh>000099000001</d:SoDinhDanh>",
        "<d:X><e:Body/></d:X>", "<d:sodinhdanh>000099000001</d:sodinhdanh>",
    ]

    @Test("a judged field that may be read in two ways is refused", arguments: refused)
    func refuses(_ fields: String) {
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read(Self.query(fields)) }
    }

    @Test(
        "so is what stands around it",
        arguments: [
            ("", " HREF='#1'"), ("", " xmlns:i='urn:i' i:Nil='true'"),
            ("", " href='#1'"), ("", " xmlns:i='urn:i' i:nil='true'"),
        ]) func around(_ head: String, _ service: String)
    {
        let field = "<d:TaiKhoan>a</d:TaiKhoan>"
        #expect(throws: SoapReader.Problem.self) {
            try SoapReader.read(Self.query(field, head: head, on: service))
        }
    }

    @Test(
        "a header block holds no field, and no action but the service's",
        arguments: [
            "<d:TaiKhoan>b</d:TaiKhoan>", "<w:Action xmlns:w='urn:w'>urn:Other</w:Action>",
            "<w:Action xmlns:w='urn:w'>urn:S</w:Action><v:Action xmlns:v='urn:v'>urn:S</v:Action>",
            "<w:Action xmlns:w='urn:w'>urn:S\u{A0}</w:Action>",
            "<w:Action xmlns:w='urn:w'>urn:<!---->S</w:Action>",
        ]) func header(_ block: String)
    {
        #expect(throws: SoapReader.Problem.self) {
            try SoapReader.read(
                Self.query("<d:TaiKhoan>a</d:TaiKhoan>", head: "<e:Header>\(block)</e:Header>"))
        }
    }

    @Test(
        "encodings but UTF-8, however they are declared",
        arguments: [
            "UTF-16", "UTF-7", "iso-8859-1", "windows-1258", "latin1", "EBCDIC-CP-US", "UTF-32",
            "x",
        ]) func encodings(_ name: String)
    {
        let text = String(decoding: Self.query("<d:TaiKhoan>a</d:TaiKhoan>"), as: UTF8.self)
        let declared = "<?xml version='1.0' encoding='\(name)'?>\(text)"
        #expect(throws: SoapReader.Problem.self) { try SoapReader.read([UInt8](declared.utf8)) }
        for big in [true, false] {
            let wide = declared.utf16.flatMap { unit -> [UInt8] in
                let bytes = [UInt8(unit >> 8), UInt8(unit & 255)]
                return big ? bytes : bytes.reversed()
            }
            let mark: [UInt8] = big ? [0xFE, 0xFF] : [0xFF, 0xFE]
            #expect(throws: SoapReader.Problem.self) { try SoapReader.read(mark + wide) }
            #expect(throws: SoapReader.Problem.self) { try SoapReader.read(wide) }
        }
        #expect(throws: ContentType.Refusal.self) {
            try ContentType("text/xml; charset=\(name)", encoding: nil)
        }
    }

    @Test(
        "types of content that somebody may take apart otherwise",
        arguments: [
            "multipart/related; type=\"application/xop+xml\"; start=\"<a>\"; boundary=b",
            "multipart/related; type=\"text/xml\"; boundary=b", "application/xop+xml",
            "application/soap+xml; charset=utf-8", "text/xml, application/soap+xml",
            "text/xml; charset=utf-8, text/xml; charset=utf-7",
            "text/xml; charset=utf-8; charset=utf-8",
            "text/xml; Charset=utf-8; charset=utf-16", "text/xml; charset*=utf-8''utf-16",
            "text/xml; charset*0=utf-16", "text/xml; charset=\"utf-8;charset=utf-16\"",
            "text/xml; charset=utf-8\u{A0}", "text/xml;charset=utf-16;", "text/plain", "", ";",
            "text/xml; charset=", "text/xml; charset", "text/xml; x=\"a\\\"; charset=utf-16; y=\"",
            "text/xml; (charset=utf-8) charset=utf-16", "text/xml; charset=utf-8 (x)",
            "text/xml; x=\"charset=iso-8859-1\"; charset=utf-8", "text/xml; x=1 charset=utf-16",
            "text/xml; start=CHARSET=utf-7",
        ]) func contentTypes(_ type: String)
    {
        #expect(throws: ContentType.Refusal.self) { try ContentType(type, encoding: nil) }
    }

    @Test(
        "values that end in what some cut off",
        arguments: [
            ("a\u{A0}", true), ("\u{3000}a", true), ("a\u{200B}", true), ("\u{FEFF}", true),
            ("a\u{2060}", true), ("\u{180E}a", true), ("a\u{3164}", true), ("a\u{A0}b", false),
            ("", false), ("a", false), ("ệ", false), ("a\u{301}", false), ("ĩa\u{303}", false),
            (" a ", false), ("字", false), ("😀", false),
        ]) func blanks(_ text: String, _ isUnclear: Bool)
    {
        #expect(Blanks.endsUnclear(text) == isUnclear)
    }

    @Test(
        "addresses, in whatever clothes",
        arguments: [
            ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"),
            ("::FFFF:0a00:1", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:443", "10.0.0.1"), ("0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1%eth0", "10.0.0.1"), ("10.0.0.1:8080", "10.0.0.1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:1", "2001:db8::1"), ("fe80::1%25eth0", "fe80::1"),
            ("fe80::1%3", "fe80::1"),
            ("2001:0db8:0000::0001", "2001:db8::1"), ("010.0.0.1", nil), ("10.0.0.01", nil),
            ("10.0.0.1, 10.0.0.2", nil), ("10.0.0.1 ", nil), ("0x0a.0.0.1", nil), ("10.1", nil),
            ("167772161", nil), ("10.0.0.256", nil), ("[10.0.0.1", nil), ("[::1]x", nil),
            ("::1%", nil), ("1::2::3", nil), ("unknown", nil), ("_hidden", nil), ("١٠.٠.٠.١", nil),
            ("10.0.0.1\u{0}", nil), ("", nil), ("::ffff:10.0.0.1:80", nil),
        ]) func addresses(_ text: String, _ spelling: String?)
    {
        #expect(InternetAddress.spelling(text) == spelling)
    }
}
