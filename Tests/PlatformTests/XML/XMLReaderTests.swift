import Platform
import Testing

/// Writes what it was told on one line: `<name@namespace`, `"text"`, `>`.
private final class Recorder: XMLVisitor {
    var events = ""
    private var text: [UInt8] = []

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace: UnsafeBufferPointer<UInt8>,
        attributes: XMLAttributes, depth: Int
    ) {
        flush()
        events += "<\(depth) " + String(decoding: name, as: UTF8.self)
        if !namespace.isEmpty { events += "@" + String(decoding: namespace, as: UTF8.self) }
    }

    func endElement(depth: Int) {
        flush()
        events += "\(depth)>"
    }

    func characters(_ bytes: UnsafeBufferPointer<UInt8>) { text += bytes }

    private func flush() {
        if !text.isEmpty { events += "\"\(String(decoding: text, as: UTF8.self))\"" }
        text = []
    }
}

@Suite("XMLReader")
struct XMLReaderTests {
    @Test(
        "tells elements, namespaces and text in their order",
        arguments: [
            ("<a/>", "<0 a0>"),
            ("<a>x<b>y</b>z</a>", "<0 a\"x\"<1 b\"y\"1>\"z\"0>"),
            ("<s:a xmlns:s='urn:s'><b/></s:a>", "<0 a@urn:s<1 b1>0>"),
            ("<a xmlns='urn:d'><b xmlns=''/></a>", "<0 a@urn:d<1 b1>0>"),
            ("<?xml version='1.0' encoding='UTF-8'?><a>ư</a>", "<0 a\"ư\"0>"),
            ("<?xml version='1.0' encoding='utf-8'?>\n<a/>\n", "<0 a0>"),
            ("<?xml version='1.0'?><a/>", "<0 a0>"),
            ("\u{FEFF}<a>đ</a>", "<0 a\"đ\"0>"),
            ("<a><![CDATA[<b>&amp;]]></a>", "<0 a\"<b>&amp;\"0>"),
            ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<0 a\"<>&\"'\"0>"),
            ("<a>&#65;&#x1EF1;</a>", "<0 a\"Aự\"0>"),
            ("<a b='&lt;&#65;'>x</a>", "<0 a\"x\"0>"),
            ("<a>x<!-- y -->z</a>", "<0 a\"xz\"0>"),
        ])
    func good(text: String, events: String) throws {
        let recorder = Recorder()
        try XMLReader.read([UInt8](text.utf8), visitor: recorder)
        #expect(recorder.events == events)
    }

    @Test("tells pieces of text by what they came from, and attributes with their namespaces")
    func pieces() throws {
        final class Pieces: XMLVisitor {
            var events: [String] = []
            private func note(_ kind: String, _ bytes: UnsafeBufferPointer<UInt8>) {
                events.append(kind + String(decoding: bytes, as: UTF8.self))
            }
            func startElement(
                name: UnsafeBufferPointer<UInt8>, namespace: UnsafeBufferPointer<UInt8>,
                attributes: XMLAttributes, depth: Int
            ) {
                for place in 0..<attributes.count {
                    guard let attribute = attributes[place] else { continue }
                    note("@", attribute.name)
                    note("=", attribute.value)
                    note("in ", attribute.namespace)
                }
            }
            func endElement(depth: Int) {}
            func characters(_ bytes: UnsafeBufferPointer<UInt8>) { note("", bytes) }
            func cdata(_ bytes: UnsafeBufferPointer<UInt8>) { note("cdata ", bytes) }
            func reference(_ bytes: UnsafeBufferPointer<UInt8>) { note("& ", bytes) }
            func comment() { events.append("comment") }
        }
        let pieces = Pieces()
        let text = """
            <a b='' x:c='&#48;1' xmlns:x='urn:x'>a;&#48;b&#59;c&amp;<![CDATA[]]>đ;&#x1EF1;đ<!-- -->;</a>
            """
        try XMLReader.read([UInt8](text.utf8), visitor: pieces)
        #expect(
            pieces.events == [
                "@b", "=", "in ", "@c", "=01", "in urn:x", "a;", "& 0", "b", "& ;", "c", "& &",
                "cdata ",
                "đ;", "& ự", "đ", "comment", ";",
            ])
        for (version, isRead) in [("1.0", true), ("1.1", false), ("1.2", false)] {
            let text = "<?xml version='\(version)'?><a/>"
            let read: ()? = try? XMLReader.read([UInt8](text.utf8), visitor: Pieces())
            #expect((read != nil) == isRead, "\(version)")
        }
    }

    @Test(
        "refuses what is dangerous, by name",
        arguments: [
            ("<!DOCTYPE a><a/>", XMLProblem.doctype),
            ("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>", .doctype),
            ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", .doctype),
            ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", .doctype),
            ("<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x'> %p;]><a/>", .doctype),
            ("<a>&unknown;</a>", .entity),
            ("<a b='&unknown;'/>", .entity),
            ("<?xml-stylesheet href='x'?><a/>", .processingInstruction),
            ("<a><?php x ?></a>", .processingInstruction),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", .encoding("ISO-8859-1")),
            ("<?xml version='1.0' encoding='windows-1258'?><a/>", .encoding("windows-1258")),
        ])
    func dangerous(text: String, problem: XMLProblem) {
        #expect(throws: problem) { try XMLReader.read([UInt8](text.utf8), visitor: Recorder()) }
    }

    @Test(
        "refuses what is not well-formed UTF-8 XML",
        arguments: [
            "", " ", "x", "<", "<a", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "<a b='1' b='2'/>",
            "<a b=1/>",
            "<s:a/>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&amp</a>", "<a>]]></a>", "<a>\u{1}</a>",
            "<a><![CDATA[x</a>", "<a>x<!-- y</a>", "<a>\0</a>",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<?xml version='1.0' encoding='made-up'?><a/>",
        ])
    func malformed(text: String) {
        #expect(throws: XMLProblem.self) {
            try XMLReader.read([UInt8](text.utf8), visitor: Recorder())
        }
    }

    @Test(
        "says in words of its own what is wrong",
        arguments: [
            ("", XMLProblem.empty), (" \r\n\t", .empty),
            ("<", .malformed(line: 1, fault: .noRoot)),
            ("<a>\n<b/>", .malformed(line: 2, fault: .cutShort)),
            ("<a></b>", .malformed(line: 1, fault: .endTag)),
            ("<a/>\n<b/>", .malformed(line: 2, fault: .extra)),
            ("x", .malformed(line: 1, fault: .noRoot)),
            ("<a b='1' b='2'/>", .malformed(line: 1, fault: .attributeTwice)),
            ("<a b=1/>", .malformed(line: 1, fault: .attribute)),
            ("<s:a/>", .malformed(line: 1, fault: .prefix)),
            ("<a>&#0;</a>", .malformed(line: 1, fault: .character)),
            ("<a>&amp</a>", .malformed(line: 1, fault: .reference)),
            ("<a>\u{1}</a>", .malformed(line: 1, fault: .character)),
            ("<a>\0</a>", .malformed(line: 1, fault: .character)),
        ])
    func says(text: String, problem: XMLProblem) {
        #expect(throws: problem) {
            try XMLReader.read([UInt8](text.utf8), visitor: Recorder())
        }
    }

    @Test("refuses every cut of a good document")
    func truncated() {
        let whole = [UInt8]("<?xml version='1.0'?><a b='c'><d>x&amp;<![CDATA[y]]></d></a>".utf8)
        for count in 0..<whole.count {
            #expect(throws: XMLProblem.self) {
                try XMLReader.read(Array(whole.prefix(count)), visitor: Recorder())
            }
        }
    }

    @Test(
        "refuses bytes that are not UTF-8",
        arguments: [
            [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xF4, 0x90, 0x80, 0x80],
        ])
    func badBytes(bytes: [UInt8]) {
        #expect(throws: XMLProblem.self) {
            try XMLReader.read(
                [UInt8]("<a>".utf8) + bytes + [UInt8]("</a>".utf8), visitor: Recorder())
        }
    }

    @Test(
        "UTF-16 and UTF-32 are named as such",
        arguments: [
            [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x3C, 0x00, 0x61],
            [0x3C, 0x00, 0x61, 0x00, 0x2F, 0x00], [0x00, 0x3C, 0x00, 0x61],
            [0xFF, 0xFE, 0x00, 0x00, 0x3C, 0x00, 0x00, 0x00], [0x00, 0x00, 0xFE, 0xFF],
        ])
    func otherEncodings(bytes: [UInt8]) {
        #expect { try XMLReader.read(bytes, visitor: Recorder()) } throws: {
            if case XMLProblem.encoding = $0 { true } else { false }
        }
    }

    /// libxml2 takes the first four bytes for EBCDIC and would believe the declaration after them.
    @Test("EBCDIC that calls itself UTF-8 is not read")
    func ebcdic() {
        let bytes: [UInt8] = [
            0x4C, 0x6F, 0xA7, 0x94, 0x93, 0x40, 0xA5, 0x85, 0x99, 0xA2, 0x89, 0x96, 0x95, 0x7E,
            0x7D, 0xF1, 0x4B, 0xF0, 0x7D, 0x40, 0x85, 0x95, 0x83, 0x96, 0x84, 0x89, 0x95, 0x87,
            0x7E, 0x7D, 0xE4, 0xE3, 0xC6, 0x60, 0xF8, 0x7D, 0x6F, 0x6E, 0x4C, 0x81, 0x6E, 0xA7,
            0x4C, 0x61, 0x81, 0x6E,
        ]
        let recorder = Recorder()
        #expect(throws: XMLProblem.encoding("EBCDIC")) {
            try XMLReader.read(bytes, visitor: recorder)
        }
        #expect(recorder.events.isEmpty)
    }

    @Test("a billion laughs are a DOCTYPE, and cost nothing")
    func billionLaughs() {
        var text = "<!DOCTYPE l [<!ENTITY l0 'lol'>"
        for n in 1...9 {
            text += "<!ENTITY l\(n) '" + String(repeating: "&l\(n - 1);", count: 10) + "'>"
        }
        text += "]><l>&l9;</l>"
        #expect(throws: XMLProblem.doctype) {
            try XMLReader.read([UInt8](text.utf8), visitor: Recorder())
        }
    }

    @Test("depth, attributes and length are held at their limits and refused beyond")
    func limits() throws {
        func nested(_ count: Int) -> [UInt8] {
            [UInt8](
                (String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count))
                    .utf8)
        }
        func wide(_ count: Int) -> [UInt8] {
            [UInt8](("<a " + (0..<count).map { "b\($0)='1' " }.joined() + "/>").utf8)
        }
        try XMLReader.read(nested(32), visitor: Recorder())
        #expect(throws: XMLProblem.tooDeep(limit: 32)) {
            try XMLReader.read(nested(33), visitor: Recorder())
        }
        #expect(throws: XMLProblem.tooDeep(limit: 32)) {
            try XMLReader.read(nested(100_000), visitor: Recorder())
        }
        try XMLReader.read(wide(64), visitor: Recorder())
        #expect(throws: XMLProblem.tooManyAttributes(limit: 64)) {
            try XMLReader.read(wide(65), visitor: Recorder())
        }
        var limits = XMLLimits()
        limits.bytesMax = 4
        try XMLReader.read([UInt8]("<a/>".utf8), limits: limits, visitor: Recorder())
        #expect(throws: XMLProblem.tooLarge(bytes: 5, limit: 4)) {
            try XMLReader.read([UInt8]("<a />".utf8), limits: limits, visitor: Recorder())
        }
    }

    @Test("a long text arrives whole")
    func longText() throws {
        let text = String(repeating: "dữ liệu & <", count: 20_000)
        let escaped = text.split(separator: "&", omittingEmptySubsequences: false).joined(
            separator: "&amp;"
        )
        .split(separator: "<", omittingEmptySubsequences: false).joined(separator: "&lt;")
        let recorder = Recorder()
        try XMLReader.read([UInt8]("<a>\(escaped)</a>".utf8), visitor: recorder)
        #expect(recorder.events == "<0 a\"\(text)\"0>")
    }

    @Test("a problem names its line and none of the document's text")
    func description() {
        let text = "<a>\n<b>secret</c>\n</a>"
        #expect { try XMLReader.read([UInt8](text.utf8), visitor: Recorder()) } throws: {
            "\($0)".contains("line 2") && !"\($0)".contains("secret")
        }
    }
}
