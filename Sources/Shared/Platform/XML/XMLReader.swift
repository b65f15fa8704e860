import CXML2
import Glibc

/// How much of a document is read before it is refused.
public struct XMLLimits: Sendable {
    public var bytesMax = 8 << 20
    public var depthMax = 32
    /// The most attributes and namespace declarations of one element.
    public var attributesMax = 64
    public init() {}
}

/// Why a document was refused.
public enum XMLProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The document holds nothing, or only blanks.
    case empty
    case malformed(line: Int, fault: XMLFault)
    case tooLarge(bytes: Int, limit: Int)
    case doctype
    case entity
    case processingInstruction
    case tooDeep(limit: Int)
    case tooManyAttributes(limit: Int)
    case encoding(String)
    /// The document declares another version than 1.0, in which other characters, blanks or line ends may count.
    case version(String)

    public var description: String {
        switch self {
        case .empty: "nothing to read"
        case .malformed(let line, let fault): "line \(line): \(fault)"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes; at most \(limit) are read"
        case .doctype: "a DOCTYPE is not allowed"
        case .entity: "an entity is not allowed"
        case .processingInstruction: "a processing instruction is not allowed"
        case .tooDeep(let limit): "nested deeper than \(limit)"
        case .tooManyAttributes(let limit): "more than \(limit) attributes"
        case .encoding(let name): "encoding \(name); only UTF-8 is read"
        case .version(let name): "XML \(name); only 1.0 is read"
        }
    }
}

/// Receives what a document holds, in its order. Names and text are valid only during the call.
public protocol XMLVisitor: AnyObject {
    /// `depth` is 0 for the root.
    func startElement(
        name: UnsafeBufferPointer<UInt8>, namespace: UnsafeBufferPointer<UInt8>,
        attributes: XMLAttributes, depth: Int)
    func endElement(depth: Int)
    /// Receives text, possibly in pieces.
    func characters(_ bytes: UnsafeBufferPointer<UInt8>)
    /// Receives one whole CDATA section, even an empty one.
    func cdata(_ bytes: UnsafeBufferPointer<UInt8>)
    /// Receives what a reference in the text (`&#48;`, `&amp;`) stands for.
    func reference(_ bytes: UnsafeBufferPointer<UInt8>)
    func comment()
}

extension XMLVisitor {
    public func cdata(_ bytes: UnsafeBufferPointer<UInt8>) { characters(bytes) }
    public func reference(_ bytes: UnsafeBufferPointer<UInt8>) { characters(bytes) }
    public func comment() {}
}

/// Reads XML with libxml2's SAX parser: no network, no DTD, and no entities except the five predefined ones.
public enum XMLReader {
    /// Reads a whole document and stops at the first problem. Any thread may call it.
    public static func read(_ bytes: [UInt8], limits: XMLLimits = .init(), visitor: any XMLVisitor)
        throws(XMLProblem)
    {
        guard bytes.count <= limits.bytesMax else {
            throw .tooLarge(bytes: bytes.count, limit: limits.bytesMax)
        }
        guard bytes.contains(where: { ![9, 10, 13, 32].contains($0) }) else { throw .empty }
        if let mark = foreignEncoding(bytes) { throw .encoding(mark) }
        let hasNUL = bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        }
        guard !hasNUL else { throw .malformed(line: 1, fault: .character) }
        _ = prepareOnce
        let session = Session(visitor, limits)
        var sax = xmlSAXHandler()
        sax.initialized = XML_SAX2_MAGIC
        sax.startElementNs = startElement
        sax.endElementNs = endElement
        sax.characters = characters
        sax.cdataBlock = cdata
        sax.ignorableWhitespace = characters
        sax.comment = comment
        sax.internalSubset = { context, _, _, _ in stop(context, .doctype) }
        sax.reference = { context, _ in stop(context, .entity) }
        sax.getEntity = { context, name in
            let predefined = xmlGetPredefinedEntity(name)
            if predefined == nil { stop(context, .entity) }
            return predefined
        }
        sax.processingInstruction = { context, _, _ in stop(context, .processingInstruction) }
        sax.serror = { context, error in note(context, error) }
        let context = Unmanaged.passUnretained(session).toOpaque()
        // The parser is made without input, so that its context is known before the first byte is read.
        guard let parser = xmlCreatePushParserCtxt(&sax, context, nil, 0, nil) else {
            throw .malformed(line: 1, fault: .other("no memory"))
        }
        defer { xmlFreeParserCtxt(parser) }
        session.parser = parser
        xmlCtxtUseOptions(parser, Int32(XML_PARSE_NONET.rawValue))
        let result = bytes.withUnsafeBytes {
            xmlParseChunk(parser, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count), 1)
        }
        if let problem = session.problem { throw problem }
        if let name = parser.pointee.encoding {
            let encoding = String(cString: name)
            guard readEncodings.contains(encoding.lowercased()) else { throw .encoding(encoding) }
        }
        if let name = parser.pointee.version {
            let version = String(cString: name)
            guard version == "1.0" else { throw .version(version) }
        }
        // An undeclared prefix is no error to libxml2, but the NPD's reader may understand it differently.
        guard result == 0, parser.pointee.wellFormed == 1, parser.pointee.nsWellFormed == 1 else {
            throw .malformed(
                line: session.errorLine, fault: session.fault ?? .other("not well-formed"))
        }
    }

    /// Runs libxml2's SAX parser alone, without a visitor, to measure reading against it.
    public static func scan(_ bytes: [UInt8]) throws(XMLProblem) {
        _ = prepareOnce
        var sax = xmlSAXHandler()
        sax.initialized = XML_SAX2_MAGIC
        sax.startElementNs = { _, _, _, _, _, _, _, _, _ in }
        sax.endElementNs = { _, _, _, _ in }
        sax.characters = { _, _, _ in }
        let result = bytes.withUnsafeBytes {
            xmlSAXUserParseMemory(
                &sax, nil, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count))
        }
        guard result == 0 else { throw .malformed(line: 1, fault: .other("not well-formed")) }
    }

    private static let prepareOnce: Void = xmlInitParser()

    /// The names of UTF-8, and of ASCII, to which libxml2 holds a document that declares it.
    private static let readEncodings = ["utf-8", "utf8", "us-ascii", "ascii"]

    /// The encoding other than UTF-8 that libxml2 would infer from the first bytes; nil when there is none.
    private static func foreignEncoding(_ bytes: [UInt8]) -> String? {
        switch (bytes.first, bytes.dropFirst().first) {
        case (0xFF, 0xFE), (0xFE, 0xFF): "UTF-16"
        case (0x00, _), (_, 0x00): "UTF-16 or UTF-32"
        // These bytes are "<?" in EBCDIC; libxml2 would read the document so, whatever encoding its declaration names.
        case (0x4C, 0x6F): "EBCDIC"
        default: nil
        }
    }
}

private final class Session {
    let visitor: any XMLVisitor
    let limits: XMLLimits
    var parser: xmlParserCtxtPtr?
    var depth = 0
    var hasRoot = false
    var problem: XMLProblem?
    var errorLine = 1
    /// The first fault that libxml2 reported.
    var fault: XMLFault?

    init(_ visitor: any XMLVisitor, _ limits: XMLLimits) {
        self.visitor = visitor
        self.limits = limits
    }

    /// Whether the text is what a reference means. libxml2 hands plain text over in place, or, when it is not ASCII, as
    /// a copy, with the input right behind the copied text; what a reference means comes from its own memory, with the
    /// input right behind the semicolon.
    @inline(__always)
    func isOfReference(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = text.baseAddress, let input = parser?.pointee.input,
            let base = input.pointee.base, let end = input.pointee.end,
            let here = input.pointee.cur, start < base || start >= end
        else { return false }
        let semicolon = UInt8(ascii: ";")
        return here > base && here[-1] == semicolon && (text.last != semicolon || text.count == 1)
    }

    func fail(_ problem: XMLProblem) {
        if self.problem == nil { self.problem = problem }
        if let parser { xmlStopParser(parser) }
    }
}

private func session(_ context: UnsafeMutableRawPointer?) -> Session? {
    context.map { Unmanaged<Session>.fromOpaque($0).takeUnretainedValue() }
}

private func stop(_ context: UnsafeMutableRawPointer?, _ problem: XMLProblem) {
    session(context)?.fail(problem)
}

private func note(_ context: UnsafeMutableRawPointer?, _ error: UnsafePointer<xmlError>?) {
    guard let session = session(context), let error, session.fault == nil else { return }
    session.errorLine = Int(error.pointee.line)
    // libxml2 may quote the document; only its own words are kept.
    let words =
        error.pointee.message.map {
            String(cString: $0).prefix { $0 != "\n" && $0 != ":" }.description
        } ?? "not well-formed"
    let fault = XMLFault(code: UInt32(bitPattern: error.pointee.code), words: words)
    // libxml2 says the same of a document that ends too early, or has no root, as of one that goes on behind its root.
    if fault == .extra, session.depth > 0 {
        session.fault = .cutShort
    } else if fault == .extra, !session.hasRoot {
        session.fault = .noRoot
    } else {
        session.fault = fault
    }
}

func bytes(_ text: UnsafePointer<xmlChar>?) -> UnsafeBufferPointer<UInt8> {
    guard let text else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: text, count: Int(xmlStrlen(text)))
}

private func startElement(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<xmlChar>?,
    _ prefix: UnsafePointer<xmlChar>?, _ namespace: UnsafePointer<xmlChar>?, _ namespaces: Int32,
    _ declared: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ attributes: Int32,
    _ defaulted: Int32, _ values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
) {
    guard let session = session(context), session.problem == nil else { return }
    guard session.depth < session.limits.depthMax else {
        return session.fail(.tooDeep(limit: session.limits.depthMax))
    }
    guard Int(attributes) + Int(namespaces) <= session.limits.attributesMax else {
        return session.fail(.tooManyAttributes(limit: session.limits.attributesMax))
    }
    session.visitor.startElement(
        name: bytes(name), namespace: bytes(namespace),
        attributes: XMLAttributes(pieces: values, count: Int(attributes)), depth: session.depth)
    session.depth += 1
    session.hasRoot = true
}

private func endElement(
    _ context: UnsafeMutableRawPointer?, _ name: UnsafePointer<xmlChar>?,
    _ prefix: UnsafePointer<xmlChar>?, _ namespace: UnsafePointer<xmlChar>?
) {
    guard let session = session(context), session.problem == nil else { return }
    session.depth -= 1
    session.visitor.endElement(depth: session.depth)
}

private func characters(
    _ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<xmlChar>?,
    _ count: Int32
) {
    guard let session = session(context), session.problem == nil else { return }
    let bytes = UnsafeBufferPointer(start: text, count: Int(count))
    if session.isOfReference(bytes) {
        session.visitor.reference(bytes)
    } else {
        session.visitor.characters(bytes)
    }
}

private func cdata(
    _ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<xmlChar>?,
    _ count: Int32
) {
    guard let session = session(context), session.problem == nil else { return }
    session.visitor.cdata(UnsafeBufferPointer(start: text, count: Int(count)))
}

private func comment(_ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<xmlChar>?) {
    guard let session = session(context), session.problem == nil else { return }
    session.visitor.comment()
}
