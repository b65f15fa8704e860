import Domain
import Platform

/// Finds service, account and officer of a SOAP 1.1 query (reference/npd-protocol.md).
///
/// The body holds exactly one element, the service; `TaiKhoan`, `SoDinhDanh`, `MaCanBo` and `MaTichHop` stand at most
/// once, directly under it and in its namespace. Anything else could show the agent one account and the NPD
/// another, so it is refused.
enum SoapReader {
    struct Reading: Equatable {
        var service: ServiceName
        /// `-` when the query names no account (synchronisation by date range).
        var login: Login
        /// `MaCanBo`, in clear: it goes no further than the agent's memory.
        var officer: String?
        /// `SoDinhDanh`, in clear like the officer; empty: none.
        var subject = ""
        /// `MaTichHop`, which may tell the system; empty: none.
        var integration = ""
        /// `MaYeuCau` and `MaDVC`, for the query log and features; empty: none.
        var messageID = ""
        var serviceUnit = ""

        func with(_ login: Login) -> Reading {
            var reading = self
            reading.login = login
            return reading
        }
    }

    enum Problem: Error, Equatable, CustomStringConvertible {
        case xml(XMLProblem)
        case notAnEnvelope
        case operations(Int)
        case misplaced(String)
        case repeated(String)
        case badName(String)

        var description: String {
            switch self {
            case .xml(let problem): problem.description
            case .notAnEnvelope: "not a SOAP 1.1 envelope with one Body"
            case .operations(let count): "\(count) elements in the Body; exactly one is read"
            case .misplaced(let name):
                "\(name) outside its place directly under the service element"
            case .repeated(let name): "\(name) given twice"
            case .badName(let what): "\(what) is empty, too long or holds control characters"
            }
        }
    }

    static func read(_ body: [UInt8]) throws(Problem) -> Reading {
        let visitor = SoapVisitor()
        do {
            try XMLReader.read(body, visitor: visitor)
        } catch {
            throw .xml(error)
        }
        return try visitor.result()
    }
}

/// Elements that are read; the first four are what the query is judged by.
private enum Field: Int, CaseIterable {
    case login, subject, officer, integration, messageID, serviceUnit

    var name: StaticString {
        switch self {
        case .login: "TaiKhoan"
        case .subject: "SoDinhDanh"
        case .officer: "MaCanBo"
        case .integration: "MaTichHop"
        case .messageID: "MaYeuCau"
        case .serviceUnit: "MaDVC"
        }
    }

    /// What the query is judged by: given twice or elsewhere, agent and NPD might read different ones.
    var isJudged: Bool { rawValue <= Field.integration.rawValue }

    static func named(_ name: UnsafeBufferPointer<UInt8>) -> Field? {
        switch name.count {
        case 5: same(name, Field.serviceUnit.name) ? .serviceUnit : nil
        case 7: same(name, Field.officer.name) ? .officer : nil
        case 8 where same(name, Field.login.name): .login
        case 8: same(name, Field.messageID.name) ? .messageID : nil
        case 9: same(name, Field.integration.name) ? .integration : nil
        case 10: same(name, Field.subject.name) ? .subject : nil
        default: nil
        }
    }
}

private func same(_ name: UnsafeBufferPointer<UInt8>, _ other: StaticString) -> Bool {
    other.withUTF8Buffer { name.count == $0.count && name.elementsEqual($0) }
}

private final class SoapVisitor: XMLVisitor {
    private static let soap: StaticString = "http://schemas.xmlsoap.org/soap/envelope/"
    private static let textMax = 256

    private var problem: SoapReader.Problem?
    private var isEnvelope = false
    private var bodies = 0
    private var isInBody = false
    private var operations = 0
    private var open: Field?
    /// The service, its namespace, and what stood in the fields so far: one after the other, and where each one
    /// stands.
    private var text: [UInt8] = []
    private var service = 0..<0
    private var namespace = 0..<0
    private var places = [Range<Int>?](repeating: nil, count: Field.allCases.count)

    init() { text.reserveCapacity(512) }

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace space: UnsafeBufferPointer<UInt8>,
        depth: Int
    ) {
        if let open {
            if open.isJudged { fail(.misplaced("an element inside a field")) }
            self.open = nil
        }
        switch depth {
        case 0: isEnvelope = same(name, "Envelope") && same(space, Self.soap)
        case 1:
            isInBody = same(name, "Body") && same(space, Self.soap)
            if isInBody { bodies += 1 }
        case 2 where isInBody:
            operations += 1
            service = kept(name)
            namespace = kept(space)
        default: break
        }
        guard let field = Field.named(name) else { return }
        let place = field.rawValue
        let isInPlace = isInBody && depth == 3 && isOfService(space)
        if field.isJudged {
            guard isInPlace else { return fail(.misplaced("\(field.name)")) }
            guard places[place] == nil else { return fail(.repeated("\(field.name)")) }
        }
        guard isInPlace, places[place] == nil else { return }
        open = field
        places[place] = text.count..<text.count
    }

    func endElement(depth: Int) {
        if depth == 1 { isInBody = false }
        if depth == 3 { open = nil }
    }

    func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let open, let start = places[open.rawValue]?.lowerBound else { return }
        // One byte over the bound is enough to know that it is too long.
        text.append(contentsOf: bytes.prefix(Self.textMax - (text.count - start) + 1))
        places[open.rawValue] = start..<text.count
    }

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
        if let problem { throw problem }
        guard isEnvelope, bodies == 1 else { throw .notAnEnvelope }
        guard operations == 1 else { throw .operations(operations) }
        guard let service = ServiceName(String(decoding: text[service], as: UTF8.self)) else {
            throw .badName("the service")
        }
        let login = try value(.login)
        let officer = try value(.officer) ?? ""
        let reading = try SoapReader.Reading(
            service: service, login: .none, officer: officer.isEmpty ? nil : officer,
            subject: value(.subject) ?? "", integration: value(.integration) ?? "",
            messageID: value(.messageID) ?? "", serviceUnit: value(.serviceUnit) ?? "")
        guard let login else { return reading }
        guard let name = Login(login) else { throw .badName("TaiKhoan") }
        return reading.with(name)
    }

    /// A field without the white space around it; nil when it did not stand there. libxml2 lets broken UTF-8 pass
    /// inside CDATA, and the NPD might read another name out of it; one that was cut for its length may end inside
    /// a character.
    private func value(_ field: Field) throws(SoapReader.Problem) -> String? {
        guard var place = places[field.rawValue] else { return nil }
        let isCut = place.count > Self.textMax
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        while let first = place.first, isSpace(text[first]) { place.removeFirst() }
        while let last = place.last, isSpace(text[last]) { place.removeLast() }
        let value = String(decoding: text[place], as: UTF8.self)
        guard isCut || value.utf8.elementsEqual(text[place]) else {
            throw .badName("\(field.name)")
        }
        return value
    }
}
