import Domain
import Platform
import Wire

/// Lock sets as they reach the fleet: each distinct one is verified once, and when each agent holds it is noted.
struct LockWatch {
    struct Arrival {
        let audience: String
        let version: String
        let issuedAt: Timestamp
        /// How many agents came to hold it, by whatever way.
        var holders = 0
        var latencies = Latencies()
    }

    private let keys: [String: Ed25519PublicKey]
    private var known: [String: (held: String, place: Int)] = [:]
    private var texts: [String: String] = [:]
    private(set) var arrivals: [Arrival] = []
    private(set) var forged = 0

    init(_ signing: [JWK]) {
        keys = Dictionary(
            signing.compactMap { jwk in jwk.key.map { (jwk.thumbprint, $0) } },
            uniquingKeysWith: { $1 })
    }

    /// A set as it was signed.
    func jws(of held: String) -> String? { texts[held] }

    /// What an agent that held `former` holds now; nil: it is not to be believed. `isNews`: it was waited for, so its age is
    /// a latency.
    mutating func take(_ jws: String, audience: String, former: String?, isNews: Bool) -> String? {
        if known[jws] == nil {
            guard let parsed = try? JWS.parse(jws.utf8), let key = keys[parsed.kid],
                let payload = try? parsed.verified(by: key, typ: LockSet.typ),
                let set = try? decodeJSON(LockSet.self, payload), set.audience == audience
            else {
                forged += 1
                return nil
            }
            let held = HeldVersion(version: set.version, digest: JWS.digest(jws))
            arrivals.append(
                Arrival(
                    audience: set.audience, version: set.version.description,
                    issuedAt: set.issuedAt))
            known[jws] = (held.description, arrivals.count - 1)
            texts[held.description] = jws
        }
        guard let (held, place) = known[jws] else { return nil }
        if held == former { return held }
        arrivals[place].holders += 1
        if isNews {
            arrivals[place].latencies.add(
                WallClock.milliseconds() - arrivals[place].issuedAt.milliseconds)
        }
        return held
    }
}
