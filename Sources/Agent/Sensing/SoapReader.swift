import Domain
import Platform

/// Finds service, account and officer of a SOAP 1.1 query (reference/npd-protocol.md).
///
/// The body holds exactly one element, the service; `TaiKhoan`, `SoDinhDanh` and `MaCanBo` stand at most once,
/// directly under it and in its namespace. Anything else could show the agent one account and the NPD
/// another, so it is refused.
enum SoapReader {
    struct Reading: Equatable {
        var service: ServiceName
        /// `-` when the query names no account (synchronisation by date range).
        var login: Login
        /// `MaCanBo`, in clear: it goes no further than the agent's memory.
        var officer: String?
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

private final class SoapVisitor: XMLVisitor {
    private static let soap = [UInt8]("http://schemas.xmlsoap.org/soap/envelope/".utf8)
    private static let fields: [[UInt8]] = ["TaiKhoan", "SoDinhDanh", "MaCanBo"].map {
        [UInt8]($0.utf8)
    }
    private static let textMax = 256

    private var problem: SoapReader.Problem?
    private var isEnvelope = false
    private var bodies = 0
    private var isInBody = false
    private var operations = 0
    private var service: [UInt8] = []
    private var namespace: [UInt8] = []
    private var seen: Set<Int> = []
    private var openField: Int?
    private var text: [UInt8] = []
    private var login: [UInt8]?
    private var officer: [UInt8]?

    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace space: UnsafeBufferPointer<UInt8>,
        depth: Int
    ) {
        if openField != nil { fail(.misplaced("an element inside a field")) }
        switch depth {
        case 0: isEnvelope = name.elementsEqual("Envelope".utf8) && space.elementsEqual(Self.soap)
        case 1:
            isInBody = name.elementsEqual("Body".utf8) && space.elementsEqual(Self.soap)
            if isInBody { bodies += 1 }
        case 2 where isInBody:
            operations += 1
            service = [UInt8](name)
            namespace = [UInt8](space)
        default: break
        }
        guard let field = Self.fields.firstIndex(where: { $0.elementsEqual(name) }) else { return }
        let fieldName = String(decoding: Self.fields[field], as: UTF8.self)
        guard isInBody, depth == 3, space.elementsEqual(namespace) else {
            return fail(.misplaced(fieldName))
        }
        guard seen.insert(field).inserted else { return fail(.repeated(fieldName)) }
        openField = field
        text = []
    }

    func endElement(depth: Int) {
        if depth == 1 { isInBody = false }
        guard depth == 3, let field = openField else { return }
        openField = nil
        switch field {
        case 0: login = text
        case 2: officer = text
        default: break
        }
    }

    func characters(_ bytes: UnsafeBufferPointer<UInt8>) {
        // The subject is read for its place only.
        guard openField == 0 || openField == 2 else { return }
        // One byte over the bound is enough to know that it is too long.
        text += bytes.prefix(Self.textMax - text.count + 1)
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
        let named = officer.map { String(decoding: Self.trimmed($0), as: UTF8.self) }
        let officer = named.flatMap { $0.isEmpty ? nil : $0 }
        guard let login else { return .init(service: service, login: .none, officer: officer) }
        guard let name = Login(String(decoding: Self.trimmed(login), as: UTF8.self)) else {
            throw .badName("TaiKhoan")
        }
        return .init(service: service, login: name, officer: officer)
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
        return text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    }
}
