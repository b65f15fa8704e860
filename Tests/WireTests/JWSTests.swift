import Domain
import Platform
import Testing

@testable import Wire

@Suite("JWS") struct JWSTests {
    let key: Ed25519PrivateKey

    init() throws { key = try Ed25519PrivateKey(seed: [UInt8](repeating: 7, count: 32)) }

    @Test("nothing signed for one use is accepted for another")
    func typ() throws {
        let compact = try JWS.sign([UInt8](1...3), typ: "a+jws", with: key)
        let parsed = try JWS.parse(compact.utf8)
        let payload: [UInt8] = try parsed.verified(by: key.publicKey, typ: "a+jws")
        #expect(payload == [1, 2, 3])
        #expect(throws: JWS.Problem.typ) { try parsed.verified(by: key.publicKey, typ: "b+jws") }
    }

    @Test("no bit may change")
    func bits() throws {
        let compact = [UInt8](try JWS.sign([UInt8]("payload".utf8), typ: "a+jws", with: key).utf8)
        for index in compact.indices {
            var changed = compact
            changed[index] ^= 1
            #expect(throws: (any Error).self) {
                try JWS.parse(changed).verified(by: self.key.publicKey, typ: "a+jws")
            }
        }
    }

    @Test(
        "what is no compact JWS is refused",
        arguments: ["", "a.b", "a.b.c.d", "....", "e30.e30.e30", "é.é.é"])
    func malformed(_ text: String) {
        #expect(throws: JWS.Problem.malformed) { try JWS.parse(text.utf8) }
    }

    @Test("algorithm none is refused")
    func none() throws {
        let head = Base64URL.encode([UInt8](#"{"alg":"none","kid":"x","typ":"a+jws"}"#.utf8))
        #expect(throws: JWS.Problem.algorithm) { try JWS.parse("\(head).e30.".utf8) }
    }

    @Test("a summary keeps every field through its JSON")
    func summary() throws {
        let time = Timestamp("2026-11-24T08:00:00")!
        let summary = Summary(
            agent: AgentID("H26.motcua/1")!, system: SystemCode("H26.motcua")!, epoch: 2, seq: 9,
            part: .init(n: 1, of: 1),
            prev: "p", from: time, to: time, everyMilliseconds: 60_000, clockOffsetMilliseconds: -5,
            held: .init(),
            downtime: .init(from: time, to: time, outcome: .refused), dropped: ["folded": 1],
            refusedSets: ["stale": 2],
            breaches: [],
            rows: [
                SummaryRow(
                    login: Login("a")!, service: ServiceName("S")!, hour: time, window: .off,
                    allowed: 1, denied: ["R1": 2], passed: 3, would: ["lock": 4])
            ])
        #expect(try decodeJSON(Summary.self, encodeJSON(summary)) == summary)
    }

    @Test("an enrolment token never prints its secret")
    func token() throws {
        let token = try #require(EnrolmentToken("abcdefgh.secretsecret.fingerprint"))
        #expect("\(token)" == "<redacted>" && token.text.contains("secretsecret"))
        #expect(EnrolmentToken("a.b") == nil)
    }
}
