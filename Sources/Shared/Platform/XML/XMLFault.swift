import CXML2

/// Why a document is not well-formed, in libxml2's classes.
public enum XMLFault: Sendable, Hashable, CustomStringConvertible {
    /// The document ends before its root does.
    case cutShort
    case noRoot
    /// An end tag closes another element than the open one.
    case endTag
    /// A prefix has no namespace.
    case prefix
    case attributeTwice
    /// An attribute's value or quotes are wrong.
    case attribute
    /// A character is not allowed in XML, or the UTF-8 is broken.
    case character
    /// `&` stands without a name and semicolon.
    case reference
    /// Something follows the root.
    case extra
    case other(String)

    public var description: String {
        switch self {
        case .cutShort: "the document ends before its root element does"
        case .noRoot: "there is no whole root element"
        case .endTag: "an end tag does not match the open element"
        case .prefix: "a prefix has no namespace"
        case .attributeTwice: "an attribute is given twice"
        case .attribute: "an attribute is not written as it must be"
        case .character: "a character that XML does not have, or broken UTF-8"
        case .reference: "a reference (&…;) is not written as it must be"
        case .extra: "something stands outside the root element"
        case .other(let words): words
        }
    }

    /// `code` is libxml2's; `words` are its own, in English.
    init(code: UInt32, words: String) {
        self =
            switch xmlParserErrors(rawValue: code) {
            case XML_ERR_TAG_NOT_FINISHED, XML_ERR_COMMENT_NOT_FINISHED,
                XML_ERR_CDATA_NOT_FINISHED, XML_ERR_PI_NOT_FINISHED, XML_ERR_GT_REQUIRED:
                .cutShort
            case XML_ERR_TAG_NAME_MISMATCH, XML_ERR_LTSLASH_REQUIRED: .endTag
            case XML_NS_ERR_UNDEFINED_NAMESPACE: .prefix
            case XML_ERR_ATTRIBUTE_REDEFINED, XML_NS_ERR_ATTRIBUTE_REDEFINED: .attributeTwice
            case XML_ERR_ATTRIBUTE_NOT_STARTED, XML_ERR_ATTRIBUTE_NOT_FINISHED,
                XML_ERR_ATTRIBUTE_WITHOUT_VALUE, XML_ERR_LT_IN_ATTRIBUTE:
                .attribute
            case XML_ERR_INVALID_CHAR, XML_ERR_INVALID_ENCODING: .character
            case XML_ERR_INVALID_CHARREF, XML_ERR_INVALID_DEC_CHARREF,
                XML_ERR_INVALID_HEX_CHARREF, XML_ERR_ENTITYREF_SEMICOL_MISSING,
                XML_ERR_ENTITYREF_NO_NAME, XML_ERR_CHARREF_AT_EOF, XML_ERR_ENTITYREF_AT_EOF:
                .reference
            case XML_ERR_DOCUMENT_END, XML_ERR_DOCUMENT_EMPTY, XML_ERR_DOCUMENT_START: .extra
            default: .other(words)
            }
    }
}
