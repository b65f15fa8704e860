import Domain
import Platform

/// Finds service, account and officer of a SOAP 1.1 query (docs/domain.md#the-query).
///
/// The body must hold exactly one element, the service. `TaiKhoan`, `SoDinhDanh`, `SoCMND`, `MaCanBo` and `MaTichHop`
/// may stand once each, directly under it and in its namespace, as one piece of text, one CDATA section, or empty,
/// which is the same as absent. White space around a text is layout and no part of it; at an end of CDATA or written
/// as a reference it was meant, and is refused. Anything else could show the agent one account and the NPD another,
/// so it is refused.
enum SoapReader {
    struct Reading: Equatable {
        var service: ServiceName
        /// `-` when the query names no account (synchronisation by date range).
        var login: Login
        /// `MaCanBo` in clear; it does not leave the agent's memory.
        var officer: String?
        /// `SoDinhDanh`, else `SoCMND`, in clear like the officer; empty when there is none.
        var subject = ""
        /// Whether each subject number has its digits: 12, or 9 for `SoCMND`.
        var isSubjectWhole = true
        /// `MaTichHop`, which may tell the system; empty when there is none.
        var integration = ""
        /// `MaYeuCau` and `MaDVC`, for the query log and the features; empty when there is none.
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
        case soap12
        case operations(Int)
        case misplaced(String)
        case repeated(String)
        case badName(String)
        /// A comment stands in this field.
        case comment(String)
        case pieces(String)
        case child(String)
        case reference(String)
        case escaped(String)
        /// White space stands there as a reference, or at an end of CDATA.
        case blank(String)
        /// At an end stands white space beyond ASCII, or an invisible character.
        case unseen(String)
        case nilText(String)
        case typed(String)
        /// The service as the body names it, and the place that names another one.
        case action(String, String)

        var description: String { words.en }
    }

    static func read(_ body: [UInt8]) throws(Problem) -> Reading {
        let visitor = SoapVisitor()
        do {
            try XMLReader.read(body, visitor: visitor)
        } catch {
            // A SOAP 1.2 query may fail with another problem first; this one says what to do.
            throw visitor.isSoap12 ? .soap12 : .xml(error)
        }
        return try visitor.result()
    }

    /// Whether an action (of `SOAPAction`, of a parameter of Content-Type, of WS-Addressing) names the service by its
    /// last segment, with or without the `Request` that WSDL tools add. An empty action agrees.
    static func agrees(_ action: String, with service: ServiceName) -> Bool {
        var name = Blanks.cut(action)[...]
        if name.utf8.count >= 2, name.utf8.first == 0x22, name.utf8.last == 0x22 {
            name = Blanks.cut(String(name.dropFirst().dropLast()))[...]
        }
        guard !name.isEmpty else { return true }
        // Of a list some readers take the first; no action of a service holds such a character.
        guard !name.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C }) else { return false }
        let start = name.utf8.lastIndex { [0x2F, 0x23, 0x3A].contains($0) }
        if let start { name = name[name.utf8.index(after: start)...] }
        let segment = Array(name.utf8)
        let wanted = Array(service.rawValue.utf8)
        return segment == wanted || segment == wanted + "Request".utf8
    }
}
