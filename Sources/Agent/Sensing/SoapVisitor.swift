import Domain
import Platform

/// Collects what `SoapReader` reads while libxml2 goes through the document. Each visitor reads one document.
final class SoapVisitor: XMLVisitor {
    private static let soap: StaticString = "http://schemas.xmlsoap.org/soap/envelope/"
    private static let soap12: StaticString = "http://www.w3.org/2003/05/soap-envelope"
    private static let textMax = 256

    private var problem: SoapReader.Problem?
    private var isEnvelope = false
    private(set) var isSoap12 = false
    private var bodies = 0
    private var isInBody = false
    private var operations = 0
    private var open: SoapField?
    /// Whether the open field has had text, whether it has had CDATA, and whether it says of itself that it is nil.
    private var hasText = false
    private var hasCDATA = false
    private var isNil = false
    /// The bytes of the service, its namespace and the fields so far, and where each of them stands.
    private var text: [UInt8] = []
    private var service = 0..<0
    private var namespace = 0..<0
    private var places = [Range<Int>?](repeating: nil, count: SoapField.allCases.count)

    init() { text.reserveCapacity(512) }

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace space: UnsafeBufferPointer<UInt8>,
        attributes: XMLAttributes, depth: Int
    ) {
        if let open {
            if open.isPlain { fail(.child("\(open.name)")) }
            self.open = nil
        }
        var isFrame = false
        switch depth {
        case 0:
            isFrame = SoapField.same(name, "Envelope")
            isEnvelope = isFrame && SoapField.same(space, Self.soap)
            isSoap12 = isFrame && SoapField.same(space, Self.soap12)
        case 1:
            isInBody = SoapField.same(name, "Body") && SoapField.same(space, Self.soap)
            if isInBody {
                isFrame = true
                bodies += 1
                inspect(attributes, of: "Body")
            }
        case 2 where isInBody:
            operations += 1
            service = kept(name)
            namespace = kept(space)
            inspect(attributes, of: "Body")
        default: break
        }
        guard let match = SoapField.named(name) else { return }
        switch match {
        case .frame:
            if !isFrame { fail(.misplaced(String(decoding: name, as: UTF8.self))) }
        case .twin: fail(.misplaced(String(decoding: name, as: UTF8.self)))
        case .exact(let field): begin(field, space, attributes, depth)
        }
    }

    private func begin(
        _ field: SoapField, _ space: UnsafeBufferPointer<UInt8>, _ attributes: XMLAttributes,
        _ depth: Int
    ) {
        let place = field.rawValue
        let isInPlace =
            field == .action
            ? depth == 2 && !isInBody : isInBody && depth == 3 && isOfService(space)
        if field.isJudged, !isInPlace { return fail(.misplaced("\(field.name)")) }
        guard isInPlace else { return }
        guard places[place] == nil else {
            if field.isPlain { fail(.repeated("\(field.name)")) }
            return
        }
        open = field
        places[place] = text.count..<text.count
        (hasText, hasCDATA, isNil) = (false, false, false)
        if field.isPlain, attributes.count > 0 { inspectField(attributes, field) }
    }

    func endElement(depth: Int) {
        if depth == 1 { isInBody = false }
        guard let field = open else { return }
        open = nil
        guard isNil, let place = places[field.rawValue],
            text[place].contains(where: { !Blanks.isBlank($0) })
        else { return }
        fail(.nilText("\(field.name)"))
    }

    func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let open else { return }
        if hasCDATA, open.isPlain { fail(.pieces("\(open.name)")) }
        hasText = true
        append(bytes, to: open)
    }

    func cdata(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let open else { return }
        if hasText || hasCDATA, open.isPlain { fail(.pieces("\(open.name)")) }
        hasCDATA = true
        // Nobody lays a document out within CDATA: a blank at its ends was meant, and some readers keep it.
        if open.isPlain, let first = bytes.first, let last = bytes.last,
            Blanks.isBlank(first) || Blanks.isBlank(last)
        {
            fail(.blank("\(open.name)"))
        }
        append(bytes, to: open)
    }

    /// Handles a reference. Some readers end a text there, so a character that needs no reference is refused;
    /// characters of markup need one, and beyond ASCII some writers know no other way. A tab or a line end written so
    /// is no layout: the writer meant it as part of the value, and other readers keep it.
    func reference(_ bytes: UnsafeBufferPointer<UInt8>) {
        if let open, open.isPlain, let byte = bytes.first, byte < 0x7F,
            ![0x22, 0x26, 0x27, 0x3C, 0x3E].contains(byte)
        {
            fail(byte < 0x20 ? .blank("\(open.name)") : .escaped("\(open.name)"))
        }
        characters(bytes)
    }

    func comment() {
        if let open, open.isPlain { fail(.comment("\(open.name)")) }
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to field: SoapField) {
        guard let start = places[field.rawValue]?.lowerBound else { return }
        // One byte over the bound is enough to know that the text is too long.
        text.append(contentsOf: bytes.prefix(Self.textMax - (text.count - start) + 1))
        places[field.rawValue] = start..<text.count
    }

    // MARK: attributes

    /// Checks that Body and service stand for themselves: neither may refer elsewhere or be nil.
    private func inspect(_ attributes: XMLAttributes, of name: String) {
        for place in 0..<attributes.count {
            guard let attribute = attributes[place] else { continue }
            if Self.isReference(attribute.name) { fail(.reference(name)) }
            if Self.isNilName(attribute.name), Self.boolean(attribute.value) != false {
                fail(.nilText(name))
            }
        }
    }

    private func inspectField(_ attributes: XMLAttributes, _ field: SoapField) {
        let name = "\(field.name)"
        for place in 0..<attributes.count {
            guard let attribute = attributes[place] else { continue }
            if Self.isReference(attribute.name) || SoapField.same(attribute.name, "id") {
                fail(.reference(name))
            } else if Self.isNilName(attribute.name) {
                guard let isNil = Self.boolean(attribute.value) else {
                    fail(.nilText(name))
                    continue
                }
                self.isNil = self.isNil || isNil
            } else if SoapField.same(attribute.name, "type"), !attribute.namespace.isEmpty,
                !Self.isString(attribute.value)
            {
                fail(.typed(name))
            }
        }
    }

    private static func isReference(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        SoapField.isTwin(name, "href") || SoapField.isTwin(name, "ref")
    }

    /// The name in XML Schema's instance namespace, or that of older stacks. It counts in any namespace and any
    /// capitals, since readers differ.
    private static func isNilName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        SoapField.isTwin(name, "nil") || SoapField.isTwin(name, "null")
    }

    private static func boolean(_ value: UnsafeBufferPointer<UInt8>) -> Bool? {
        switch Blanks.cut(String(decoding: value, as: UTF8.self)) {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    /// Whether the type is `xsd:string` or is read like it; decided by the name alone, whatever its prefix means.
    private static func isString(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let name = Blanks.cut(String(decoding: value, as: UTF8.self))
        let local = name.utf8.lastIndex(of: UInt8(ascii: ":")).map {
            name[name.utf8.index(after: $0)...]
        }
        return ["string", "normalizedString", "token"].contains(local ?? name[...])
    }

    // MARK: result

    private func kept(_ bytes: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        text.append(contentsOf: bytes)
        return text.count - bytes.count..<text.count
    }

    private func isOfService(_ space: UnsafeBufferPointer<UInt8>) -> Bool {
        text.withUnsafeBufferPointer {
            space.count == namespace.count && space.elementsEqual($0[namespace])
        }
    }

    private func fail(_ problem: SoapReader.Problem) {
        if self.problem == nil { self.problem = problem }
    }

    func result() throws(SoapReader.Problem) -> SoapReader.Reading {
        if isSoap12 { throw .soap12 }
        if let problem { throw problem }
        guard isEnvelope, bodies == 1 else { throw .notAnEnvelope }
        guard operations == 1 else { throw .operations(operations) }
        guard let service = ServiceName(String(decoding: text[service], as: UTF8.self)) else {
            throw .badName("service")
        }
        if let action = try value(.action), !SoapReader.agrees(action, with: service) {
            throw .action(service.rawValue, "Action")
        }
        let login = try value(.login)
        let officer = try value(.officer) ?? ""
        let subject = try value(.subject) ?? ""
        let oldSubject = try value(.oldSubject) ?? ""
        let reading = try SoapReader.Reading(
            service: service, login: .none, officer: officer.isEmpty ? nil : officer,
            subject: subject.isEmpty ? oldSubject : subject,
            isSubjectWhole: SubjectDigits.areWhole(subject, of: 12)
                && SubjectDigits.areWhole(oldSubject, of: 9),
            integration: value(.integration) ?? "", messageID: value(.messageID) ?? "",
            serviceUnit: value(.serviceUnit) ?? "")
        guard let login, !login.isEmpty else { return reading }
        guard let name = Login(login) else { throw .badName("TaiKhoan") }
        return reading.with(name)
    }

    /// A field without the white space around it; nil when it was absent. libxml2 lets broken UTF-8 pass inside CDATA,
    /// from which the NPD might read another name. A value that was cut for its length may end inside a character.
    private func value(_ field: SoapField) throws(SoapReader.Problem) -> String? {
        guard let place = places[field.rawValue] else { return nil }
        let isCut = place.count > Self.textMax
        let whole = text.withUnsafeBytes { bytes in
            let piece = Blanks.cut(UnsafeRawBufferPointer(rebasing: bytes[place]))
            let value = String(decoding: piece, as: UTF8.self)
            return isCut || value.utf8.elementsEqual(piece) ? value : nil
        }
        guard let whole else { throw .badName("\(field.name)") }
        if field.isPlain, Blanks.endsUnclear(whole) { throw .unseen("\(field.name)") }
        return whole
    }
}
