import Domain
import Platform

@testable import Agent

extension FuzzTarget {
    /// SOAP bodies: whatever is accepted reads the same when its meaning is written anew.
    static let soap = FuzzTarget(
        "soap",
        words: [
            "http://schemas.xmlsoap.org/soap/envelope/", "Envelope", "Header", "Body", "TaiKhoan",
            "SoDinhDanh", "SoCMND", "Action", "nil", "href", "&#48;", "MaCanBo", "MaTichHop",
            "MaYeuCau", "MaDVC", "xmlns", "xmlns:",
            "<![CDATA[", "]]>", "<!--", "-->", "&amp;",
            "&#x0a;", "&#13;", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<!DOCTYPE",
            "<!ENTITY",
            "xml:space", "/>", "</",
        ]
    ) { bytes in
        try promiseBalanced(bytes)
        guard let reading = try? SoapReader.read(bytes) else { return }
        try promise(Login.accepts(reading.login.rawValue), "login \(reading.login)")
        try promise(ServiceName.accepts(reading.service.rawValue), "service \(reading.service)")
        try promise(reading.officer != "", "an empty officer")
        // Broken UTF-8 must not become a name.
        let mayReplace = bytes.contains(0xEF) || bytes.contains(UInt8(ascii: "&"))
        try promise(
            mayReplace || !reading.login.rawValue.unicodeScalars.contains("\u{FFFD}"),
            "a login of broken bytes")
        // What follows the envelope says nothing.
        try promise((try? SoapReader.read(bytes + [10])) == reading, "a line end changes it")
        try promise(
            (try? SoapReader.read(bytes + [UInt8]("<!-- TaiKhoan -->".utf8))) == reading,
            "a comment changes it")
        // Longer ones are cut, perhaps inside a character.
        let texts = [
            reading.officer ?? "", reading.subject, reading.integration, reading.messageID,
            reading.serviceUnit,
        ]
        guard texts.allSatisfy({ $0.utf8.count <= 200 }) else { return }
        // Which of the two elements a subject came from is not kept.
        var again = try? SoapReader.read(written(reading))
        again?.isSubjectWhole = reading.isSubjectWhole
        try promise(again == reading, "written anew it reads otherwise")
    }

    private static func written(_ reading: SoapReader.Reading) -> [UInt8] {
        let service = reading.service.rawValue
        func field(_ name: String, _ text: String?) -> String {
            text.map { "<\(name)>\(escaped($0))</\(name)>" } ?? ""
        }
        let login = reading.login == .none ? nil : reading.login.rawValue
        return [UInt8](
            """
            <e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><\(service)>\
            \(field("TaiKhoan", login))\(field("MaCanBo", reading.officer))\
            \(field("SoDinhDanh", reading.subject))\(field("MaTichHop", reading.integration))\
            \(field("MaYeuCau", reading.messageID))\(field("MaDVC", reading.serviceUnit))</\(service)>\
            </e:Body></e:Envelope>
            """.utf8)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<", ">", "&", "\r", "\n", "\t": result += "&#\(scalar.value);"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The reader's events: every start has its end, depths are true, names are UTF-8. Text in CDATA may not
    /// be: libxml2 does not look at it there.
    private static func promiseBalanced(_ bytes: [UInt8]) throws {
        let visitor = BalanceVisitor()
        let isRead = (try? XMLReader.read(bytes, visitor: visitor)) != nil
        try promise(visitor.broken == nil, visitor.broken ?? "")
        guard isRead else { return }
        try promise(visitor.depth == 0 && visitor.starts > 0, "not balanced")
    }
}

private final class BalanceVisitor: XMLVisitor {
    var depth = 0
    var starts = 0
    var broken: String?

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace: UnsafeBufferPointer<UInt8>,
        attributes: XMLAttributes, depth: Int
    ) {
        if depth != self.depth { broken = "depth \(depth) instead of \(self.depth)" }
        if name.isEmpty || String(validating: name, as: UTF8.self) == nil { broken = "a name" }
        for place in 0..<attributes.count {
            guard let attribute = attributes[place], !attribute.name.isEmpty else {
                broken = "an attribute"
                break
            }
        }
        self.depth += 1
        starts += 1
    }

    func endElement(depth: Int) {
        self.depth -= 1
        if depth != self.depth { broken = "end at \(depth) instead of \(self.depth)" }
    }

    func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
        if depth == 0 { broken = "text outside the root" }
    }
}
