import Domain

/// One query as it was judged: what the local query log writes down and features are computed from.
///
/// Made by the authorize endpoint. The personal data in it (subject, officer)
/// stays in the agent's memory: whoever keeps anything of it keeps a keyed hash.
struct Sighting: Equatable, Sendable {
    var at: Timestamp
    var login: Login
    var service: ServiceName
    /// Of several systems, which one: its place in the configuration.
    var systemIndex = 0
    /// The client's address, empty when not told.
    var source = ""
    var verdict = Verdict.allow
    /// Why it was refused; nil when allowed.
    var reason: DenialReason?
    /// `X-Request-Id` of the gateway, empty when not told.
    var requestID = ""
    /// `MaYeuCau`
    var messageID = ""
    /// `SoDinhDanh`; empty: none (synchronisation by date range).
    var subject = ""
    /// `MaCanBo`
    var officer = ""
    /// `MaDVC`
    var serviceUnit = ""
}

/// Takes sightings, one after the other, on the one thread that drains them. Not thread-safe by itself.
protocol SightingConsumer: AnyObject, Sendable {
    func note(_ sighting: Sighting)
    /// So many sightings were dropped on the way here, between the last one and the next.
    func noteLost(_ count: Int64)
    /// Called about once a second, and once more when the agent stops (`isLast`).
    func tick(at now: Timestamp, isLast: Bool)
}

extension SightingConsumer {
    func noteLost(_ count: Int64) {}
}
