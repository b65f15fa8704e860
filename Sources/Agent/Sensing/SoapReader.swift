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

/// Elements that are read, by their place in `SoapVisitor.names`.
private enum Field: Int {
    case login, subject, officer, integration, messageID, serviceUnit

    /// What the query is judged by: given twice or elsewhere, agent and NPD might read different ones.
    var isJudged: Bool { rawValue <= Field.integration.rawValue }
}

private final class SoapVisitor: XMLVisitor {
    private static let soap = [UInt8]("http://schemas.xmlsoap.org/soap/envelope/".utf8)
    private static let names = [
        "TaiKhoan", "SoDinhDanh", "MaCanBo", "MaTichHop", "MaYeuCau", "MaDVC",
    ].map { [UInt8]($0.utf8) }
    private static let textMax = 256

    private var problem: SoapReader.Problem?
    private var isEnvelope = false
    private var bodies = 0
    private var isInBody = false
    private var operations = 0
    private var service: [UInt8] = []
    private var namespace: [UInt8] = []
    private var open: Field?
    /// What stood in the fields so far, one after the other, and where each one stands.
    private var text: [UInt8] = []
    private var places = [Range<Int>?](repeating: nil, count: names.count)

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace space: UnsafeBufferPointer<UInt8>,
        depth: Int
    ) {
        if let open {
            if open.isJudged { fail(.misplaced("an element inside a field")) }
            self.open = nil
        }
        switch depth {
        case 0: isEnvelope = same(name, "Envelope".utf8) && same(space, Self.soap)
        case 1:
            isInBody = same(name, "Body".utf8) && same(space, Self.soap)
            if isInBody { bodies += 1 }
        case 2 where isInBody:
            operations += 1
            service = [UInt8](name)
            namespace = [UInt8](space)
        default: break
        }
        guard let place = Self.names.firstIndex(where: { same(name, $0) }),
            let field = Field(rawValue: place)
        else { return }
        let isInPlace = isInBody && depth == 3 && same(space, namespace)
        if field.isJudged {
            let fieldName = String(decoding: Self.names[place], as: UTF8.self)
            guard isInPlace else { return fail(.misplaced(fieldName)) }
            guard places[place] == nil else { return fail(.repeated(fieldName)) }
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
        text += bytes.prefix(Self.textMax - (text.count - start) + 1)
        places[open.rawValue] = start..<text.count
    }

    private func same(_ name: UnsafeBufferPointer<UInt8>, _ other: some Collection<UInt8>) -> Bool {
        name.count == other.count && name.elementsEqual(other)
    }

    private func fail(_ problem: SoapReader.Problem) {
        if self.problem == nil { self.problem = problem }
    }

    func result() throws(SoapReader.Problem) -> SoapReader.Reading {
        if let problem { throw problem }
        guard isEnvelope, bodies == 1 else { throw .notAnEnvelope }
        guard operations == 1 else { throw .operations(operations) }
        guard let service = ServiceName(String(decoding: service, as: UTF8.self)) else {
            throw .badName("the service")
        }
        // libxml2 lets broken UTF-8 pass inside CDATA; the NPD might read another name out of it.
        for (place, name) in Self.names.enumerated() where isBroken(place) {
            throw .badName(String(decoding: name, as: UTF8.self))
        }
        var login = Login.none
        if places[Field.login.rawValue] != nil {
            guard let name = Login(trimmed(.login)) else { throw .badName("TaiKhoan") }
            login = name
        }
        let officer = trimmed(.officer)
        return .init(
            service: service, login: login, officer: officer.isEmpty ? nil : officer,
            subject: trimmed(.subject), integration: trimmed(.integration),
            messageID: trimmed(.messageID),
            serviceUnit: trimmed(.serviceUnit))
    }

    /// Whether a field is no UTF-8. One that was cut for its length may end inside a character.
    private func isBroken(_ field: Int) -> Bool {
        guard let place = places[field], place.count <= Self.textMax else { return false }
        return String(validating: text[place], as: UTF8.self) == nil
    }

    /// A field without the white space around it; empty when it did not stand there.
    private func trimmed(_ field: Field) -> String {
        guard var place = places[field.rawValue] else { return "" }
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        while let first = place.first, isSpace(text[first]) { place.removeFirst() }
        while let last = place.last, isSpace(text[last]) { place.removeLast() }
        return String(decoding: text[place], as: UTF8.self)
    }
}
