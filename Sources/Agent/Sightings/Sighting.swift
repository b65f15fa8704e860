import Domain

/// One query as it was judged. The local query log is written and features are computed from it.
///
/// The authorize endpoint makes it. The personal data in it (subject, officer) stays in the agent's memory; whoever
/// keeps anything of it keeps a keyed hash.
struct Sighting: Equatable, Sendable {
    var at: Timestamp
    var login: Login
    var service: ServiceName
    /// The place of the query's system in the configuration, where there are several.
    var systemIndex = 0
    /// The client's address; empty when it was not told.
    var source = ""
    var verdict = Verdict.allow
    /// Why it was refused; nil when allowed.
    var reason: DenialReason?
    /// The gateway's `X-Request-Id`; empty when it was not told.
    var requestID = ""
    /// `MaYeuCau`
    var messageID = ""
    /// `SoDinhDanh`; empty when there is none (synchronisation by date range).
    var subject = ""
    /// `MaCanBo`
    var officer = ""
    /// `MaDVC`
    var serviceUnit = ""
}

/// Takes sightings one by one, on the one thread that drains them. It need not be thread-safe.
protocol SightingConsumer: AnyObject, Sendable {
    func note(_ sighting: Sighting)
    /// Tells that this many sightings were dropped between the last one and the next.
    func noteLost(_ count: Int64)
    /// Called about once a second, and once more when the agent stops (`isLast`).
    func tick(at now: Timestamp, isLast: Bool)
}

extension SightingConsumer {
    func noteLost(_ count: Int64) {}
}
