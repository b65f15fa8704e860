import Platform

/// What one address may do at the TLS front (`front` in collector.json5). Behind one address a whole province may
/// stand: 200 agents, some with 64 systems.
struct FrontLimits: Sendable, Equatable {
    /// Requests with a body under way, all paths but enrolment; beyond: 429.
    var bodies: Int
    /// Requests under way, long-polls among them; beyond: 429.
    var requests: Int
    /// Enrolments and key lists a second, after a burst of 100; beyond: 429.
    var enrolments: Int

    static func read(_ reader: ConfigReader) -> FrontLimits {
        FrontLimits(
            bodies: reader.integer("bodies_per_address", in: 1...24_000, default: 512),
            requests: reader.integer("requests_per_address", in: 1...24_000, default: 16_000),
            enrolments: reader.integer("enrolments_per_second", in: 1...10_000, default: 20))
    }
}
