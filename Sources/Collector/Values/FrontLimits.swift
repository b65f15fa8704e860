import Platform
import Wire

/// What one address may do at the TLS front (`front` in collector.json5). A whole province may share one address:
/// 200 agents, some of them with 64 systems.
package struct FrontLimits: Sendable, Equatable {
    /// How many requests with a body may be under way, on all paths but enrolment. More are answered 429.
    package var bodies: Int
    /// How many of them may have a body larger than `smallBytes`, or of undeclared length. More are answered 429. The
    /// part of `storeBytes` that these bodies take is one address's share.
    package var largeBodies: Int
    /// How many requests may be under way, long-polls among them. More are answered 429.
    package var requests: Int
    /// How many enrolments and requests for the key list are allowed a second, after a burst of 100. More are answered
    /// 429.
    package var enrolments: Int

    /// The space where the front keeps the bodies that do not fit its memory: TemporaryFileSystem= of its unit.
    static let storeBytes = 256 << 20
    /// All memory of the front, including the store: MemoryMax= of its unit.
    static let memoryBytesMax = 1792 << 20
    /// No address is given more than one part in so many of either of the two.
    package static let shares = 8
    /// A body of up to so many bytes by its Content-Length is kept in memory only (the map of front.conf).
    static let smallBytes = 259_999
    /// client_body_buffer_size: the memory for one body.
    package static let bufferBytes = 256 << 10
    /// What nginx reads of an HTTP/2 stream's body before anything asks for it.
    static let readAheadBytes = 64 << 10
    /// The largest body of any endpoint.
    package static let bodyBytesMax = Limits.pushBytesMax

    /// What the bodies of one address may take of the store.
    var shareBytes: Int { largeBodies * Self.bodyBytesMax }
    /// What those bodies may take of memory besides: nginx enlarges a buffer by up to a quarter rather than use a file.
    var memoryBytes: Int { bodies * (Self.bufferBytes * 5 / 4 + Self.readAheadBytes) }

    package static func read(_ reader: ConfigReader) -> FrontLimits {
        FrontLimits(
            bodies: reader.integer("bodies_per_address", in: 1...24_000, default: 512),
            // No single address may take the whole store.
            largeBodies: reader.integer(
                "large_bodies_per_address", in: 1...storeBytes / bodyBytesMax / 2, default: 8),
            requests: reader.integer("requests_per_address", in: 1...24_000, default: 16_000),
            enrolments: reader.integer("enrolments_per_second", in: 1...10_000, default: 20))
    }
}
