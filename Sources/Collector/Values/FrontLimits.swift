import Platform
import Wire

/// What one address may do at the TLS front (`front` in collector.json5). Behind one address a whole province may
/// stand: 200 agents, some with 64 systems.
package struct FrontLimits: Sendable, Equatable {
    /// Requests with a body under way, all paths but enrolment; beyond: 429.
    package var bodies: Int
    /// Those among them whose body is larger than `smallBytes`, or of a length that is not told; beyond: 429. What such
    /// bodies take of `storeBytes` is one address's share.
    package var largeBodies: Int
    /// Requests under way, long-polls among them; beyond: 429.
    package var requests: Int
    /// Enrolments and key lists a second, after a burst of 100; beyond: 429.
    package var enrolments: Int

    /// Where the front keeps bodies that its memory does not take, at a time: TemporaryFileSystem= of its unit.
    static let storeBytes = 256 << 20
    /// All memory of the front, the store among it: MemoryMax= of its unit.
    static let memoryBytesMax = 1792 << 20
    /// No address is given more than this part of the two.
    package static let shares = 8
    /// A body of up to so many bytes by its Content-Length is kept in memory alone (the map of front.conf).
    static let smallBytes = 259_999
    /// client_body_buffer_size: memory for one body.
    package static let bufferBytes = 256 << 10
    /// What HTTP/2 reads of a stream's body before anybody asked.
    static let readAheadBytes = 64 << 10
    /// The largest body of any endpoint.
    package static let bodyBytesMax = Limits.pushBytesMax

    /// What bodies of one address may take of the store.
    var shareBytes: Int { largeBodies * Self.bodyBytesMax }
    /// What they may take of memory beside it: nginx makes a buffer a quarter larger rather than use a file.
    var memoryBytes: Int { bodies * (Self.bufferBytes * 5 / 4 + Self.readAheadBytes) }

    package static func read(_ reader: ConfigReader) -> FrontLimits {
        FrontLimits(
            bodies: reader.integer("bodies_per_address", in: 1...24_000, default: 512),
            // No single address may be given all of the store.
            largeBodies: reader.integer(
                "large_bodies_per_address", in: 1...storeBytes / bodyBytesMax / 2, default: 8),
            requests: reader.integer("requests_per_address", in: 1...24_000, default: 16_000),
            enrolments: reader.integer("enrolments_per_second", in: 1...10_000, default: 20))
    }
}
