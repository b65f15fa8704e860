import CollectorClock
import CollectorStore
import CollectorValues
import Domain
import Platform
import Synchronization
import Wire

/// Checks the bearer token of a request: an agent's key must have signed it for this collector, and it must not have
/// expired. A verified token is remembered until it expires, an agent until any agent is revoked. Thread-safe.
package final class Authenticator: Sendable {
    struct Refusal: Error {
        package let why: String
        package let problem: HTTPProblem
        /// The agent whose key signed the token, for an alert; nil if none did.
        let signer: AgentRecord?
    }

    private let store: any Store
    private let collector: String
    private let clock: CentreClock
    static let knownMax = 20_000

    private struct Known {
        var tokens: [String: (agent: AgentRecord, exp: Int64)] = [:]
        /// Agents by key. Fields that change with each summary are as of when the agent was read.
        var agents: [String: AgentRecord] = [:]
        /// Refusals that have been told, so that each is told once.
        var told: Set<String> = []
        /// Raised when everything is forgotten, so that what was read before that is not added afterwards.
        var age = 0
    }

    private let known = Mutex(Known())

    package init(store: any Store, collector: String, clock: CentreClock) {
        self.store = store
        self.collector = collector
        self.clock = clock
    }

    /// Forgets all that is remembered. Must be called after a revocation.
    package func forget() { known.withLock { $0 = Known(age: $0.age + 1) } }

    /// Whether something about an agent is told for the first time, as far as is remembered.
    package func isNews(_ what: String) -> Bool {
        known.withLock { known in
            if known.told.count >= Self.knownMax { known.told = [] }
            return known.told.insert(what).inserted
        }
    }

    /// Makes something news again because it could not be written down.
    package func isNews(again what: String) { known.withLock { _ = $0.told.remove(what) } }

    static let revoked = HTTPProblem(
        "agent-revoked", status: 403, title: "Refused", detail: "the agent's key is revoked")

    private func agent(kid: String) throws(Refusal) -> AgentRecord? {
        let (found, age) = known.withLock { ($0.agents[kid], $0.age) }
        if let found { return found }
        let read: AgentRecord?
        do { read = try store.read { try $0.agent(kid: kid) } } catch {
            Log.error("cannot look up an agent; it tries again", ["error": error])
            throw refusal("storage", "the collector cannot read its database", 503)
        }
        guard let agent = read else { return nil }
        known.withLock { known in
            if known.age == age, known.agents.count < Self.knownMax { known.agents[kid] = agent }
        }
        return agent
    }

    func authenticate(_ header: String?) throws(Refusal) -> AgentRecord {
        guard let header, header.hasPrefix("Bearer "), header.utf8.count <= 2048 else {
            throw refusal("token_missing", "a bearer token is needed")
        }
        let text = String(header.dropFirst(7))
        let now = Timestamp.now.milliseconds / 1000
        let (found, age) = known.withLock { ($0.tokens[text], $0.age) }
        if let found, found.exp > now { return found.agent }
        let jws: JWS.Unverified
        let claims: AuthClaims
        do {
            jws = try JWS.parse(text.utf8)
            claims = try decodeJSON(AuthClaims.self, jws.payload)
        } catch { throw refusal("token_malformed", "the token cannot be read") }
        let kid = jws.kid
        guard let agent = try agent(kid: kid), let key = agent.jwk?.key else {
            throw refusal("token_unknown", "no agent has this key")
        }
        do {
            _ = try jws.verified(by: key, typ: AuthClaims.typ)
        } catch {
            throw refusal("token_signature", "the token's signature or typ is wrong")
        }
        if agent.isRevoked {
            throw Refusal(why: "agent_revoked", problem: Self.revoked, signer: agent)
        }
        guard claims.sub == agent.id.rawValue else {
            throw refusal("token_subject", "the token is for another agent", signer: agent)
        }
        guard claims.aud == collector else {
            throw refusal("token_audience", "the token is for another collector", signer: agent)
        }
        clock.hear(tokenSeconds: claims.iat, of: agent.id)
        guard claims.exp > now, claims.iat <= now + 5,
            claims.iat >= now - 2 * Limits.tokenSeconds,
            claims.exp <= claims.iat + Limits.tokenSeconds
        else {
            // It is unknown which clock is wrong, so the agent is neither blamed nor told a time.
            if clock.isDoubted {
                throw refusal(
                    "clock_doubted", "the collector's own clock is in doubt; come again", 503)
            }
            throw Refusal(
                why: "token_expired",
                problem: HTTPProblem(
                    "clock-skew", status: 401, title: "Clock skew",
                    detail: "the token is expired or from the future; correct it by server_time",
                    serverTime: .now), signer: agent)
        }
        clock.took(tokenSeconds: claims.iat, of: agent.id)
        known.withLock { known in
            guard known.age == age else { return }
            if known.tokens.count >= Self.knownMax {
                known.tokens = known.tokens.filter { $0.value.exp > now }
            }
            if known.tokens.count < Self.knownMax { known.tokens[text] = (agent, claims.exp) }
        }
        return agent
    }

    private func refusal(
        _ why: String, _ detail: String, _ status: Int = 401, signer: AgentRecord? = nil
    )
        -> Refusal
    {
        Refusal(
            why: why,
            problem: HTTPProblem(
                why.replacing("_", with: "-"), status: status,
                title: "Refused", detail: detail), signer: signer)
    }
}
