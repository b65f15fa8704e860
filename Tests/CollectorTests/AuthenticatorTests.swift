import Domain
import Platform
import Testing
import Wire
@testable import CollectorClock
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStore
@testable import CollectorValues

/// Reached without a server: the store is in memory, the clock has no folder.
@Suite("Authenticator") struct AuthenticatorTests {
    private static let system = SystemCode("H10.mot")!

    private struct Desk {
        let store: SQLiteStore
        let authenticator: Authenticator
        let key: Ed25519PrivateKey
        let agent: AgentRecord

        init() throws {
            store = try SQLiteStore(path: ":memory:")
            let key = try Ed25519PrivateKey.generate()
            let record = try store.write { records in
                let registry = RegistryImport(records: records, replaces: false)
                _ = try registry.run(
                    .units, file: "units.csv", text: "code,name,kind\nH10,Don vi,province\n")
                _ = try registry.run(
                    .systems, file: "systems.csv", text: "code,unit,name\nH10.mot,H10,He thong\n")
                return try records.enrol(
                    JWK(key.publicKey), token: "t", system: AuthenticatorTests.system,
                    host: "may-mau", at: .now)
            }
            agent = try #require(record)
            self.key = key
            let clock = CentreClock(
                folder: "/tmp/chot-no-such-folder", past: nil, hasWitnesses: false)
            authenticator = Authenticator(store: store, collector: "collector", clock: clock)
        }

        func header(
            sub: String? = nil, aud: String = "collector", iat: Int64 = 0, lasts: Int64 = 60,
            by other: Ed25519PrivateKey? = nil, typ: String = AuthClaims.typ
        ) throws -> String {
            let now = Timestamp.now.milliseconds / 1000 + iat
            let claims = AuthClaims(
                sub: sub ?? agent.id.rawValue, aud: aud, iat: now, exp: now + lasts)
            return "Bearer " + (try JWS.sign(claims, typ: typ, with: other ?? key))
        }

        /// Why a header is refused; nil: it is taken.
        func refusal(_ header: String?) -> String? {
            do throws(Authenticator.Refusal) {
                _ = try authenticator.authenticate(header)
                return nil
            } catch { return error.why }
        }
    }

    @Test("a token of an enrolled agent is taken, again and again")
    func taken() throws {
        let desk = try Desk()
        let header = try desk.header()
        #expect(desk.refusal(header) == nil)
        #expect(desk.refusal(header) == nil)
        #expect(try desk.authenticator.authenticate(header).id == desk.agent.id)
    }

    @Test("each fault has its own word")
    func refused() throws {
        let desk = try Desk()
        let stranger = try Ed25519PrivateKey.generate()
        #expect(desk.refusal(nil) == "token_missing")
        #expect(desk.refusal("Basic YTpi") == "token_missing")
        #expect(
            desk.refusal("Bearer " + String(repeating: "a", count: 2048)) == "token_missing")
        #expect(desk.refusal("Bearer a.b.c") == "token_malformed")
        #expect(desk.refusal(try desk.header(by: stranger)) == "token_unknown")
        #expect(desk.refusal(try desk.header(typ: "chot-other+jwt")) == "token_signature")
        #expect(desk.refusal(try desk.header(sub: "H11.mot/1")) == "token_subject")
        #expect(desk.refusal(try desk.header(aud: "another")) == "token_audience")
        #expect(desk.refusal(try desk.header(iat: -10_000)) == "token_expired")
        #expect(desk.refusal(try desk.header(iat: 600)) == "token_expired")
        #expect(desk.refusal(try desk.header(lasts: 100_000)) == "token_expired")
    }

    @Test("a revoked agent is refused, also with a token that was taken before")
    func revoked() throws {
        let desk = try Desk()
        let header = try desk.header()
        #expect(desk.refusal(header) == nil)
        #expect(try desk.store.write { try $0.revoke(desk.agent.id, at: .now) })
        desk.authenticator.forget()
        #expect(desk.refusal(header) == "agent_revoked")
        #expect(desk.refusal(try desk.header()) == "agent_revoked")
    }

    @Test("a refusal is news once, and again where it could not be written down")
    func news() throws {
        let authenticator = try Desk().authenticator
        #expect(authenticator.isNews("a"))
        #expect(!authenticator.isNews("a"))
        authenticator.isNews(again: "a")
        #expect(authenticator.isNews("a"))
    }
}
