import Domain
import Platform
import Testing
import Wire

@testable import Agent

/// `lockset import`: a file is taken whole, or refused with the place that is at fault.
@Suite("Orders carried by hand") struct HandCarriedTests {
    let scratch: Scratch
    let root: Ed25519PrivateKey
    let key: Ed25519PrivateKey

    init() throws {
        scratch = try Scratch()
        root = try .generate()
        key = try .generate()
    }

    private func keys(version: Int64, _ more: [JWK] = []) throws -> String {
        try JWS.sign(
            KeyList(
                version: version, collector: "chot", root: JWK(root.publicKey),
                signing: [JWK(key.publicKey)] + more, ca: "", issuedAt: Sample.noon),
            typ: KeyList.typ, with: root)
    }

    private func set(_ audience: Audience, _ typ: String = LockSet.typ) throws -> String {
        try JWS.sign(
            LockSet(
                audience: audience, version: Version(generation: 1, counter: 1),
                issuedAt: Sample.noon, locks: [], waivers: []),
            typ: typ, with: key)
    }

    private func orders() throws -> Orders {
        try Files.writeAtomically("\(scratch.path)/keys.jws", keys(version: 1))
        let identity = Identity(
            agent: AgentID(system: Sample.system, number: 1), system: Sample.system,
            collector: "chot", collectorURL: "https://chot.example.gov.vn",
            root: JWK(root.publicKey).thumbprint, epoch: 1, enrolledAt: Sample.noon,
            keepsOwnCA: nil)
        return try Orders(state: scratch.path, identity: identity, metrics: Metrics())
    }

    private func file(
        keys: String? = nil, nation: String? = nil, system: String? = nil, policy: String? = nil
    ) throws -> HandCarried {
        HandCarried(
            keys: try keys ?? self.keys(version: 2), nation: try nation ?? set(.nation),
            system: try system ?? set(.system(Sample.system)),
            policy: try policy ?? JWS.sign(Sample.policy(), typ: Policy.typ, with: key))
    }

    @Test("a sound file is taken, and once more is no fault")
    func sound() throws {
        let (orders, file) = (try orders(), try file())
        let first = file.adopt(into: orders)
        #expect(first.fault == nil && first.new == ["nation", "system", "policy"])
        #expect(try first.told().en.contains("system: in force now"))
        let second = file.adopt(into: orders)
        #expect(second.fault == nil && second.new == [] && second.old.count == 3)
        #expect(orders.isComplete)
    }

    @Test("of a file with one entry that cannot be taken nothing is, and the entry is named")
    func faults() throws {
        let strange = try decodeJSON(
            JWK.self, [UInt8](#"{"crv":"Ed448","kty":"OKP","x":"AAAA"}"#.utf8))
        let other = try Ed25519PrivateKey.generate()
        let foreign = try JWS.sign(
            LockSet(
                audience: .nation, version: Version(generation: 1, counter: 2),
                issuedAt: Sample.noon, locks: [], waivers: []), typ: LockSet.typ, with: other)
        let files: [(HandCarried, String, Orders.Refused)] = [
            (try file(keys: "x.y.z"), "keys", .malformed), (try file(keys: ""), "keys", .malformed),
            (try file(keys: keys(version: 2, [strange])), "keys.signing[1]", .malformed),
            (try file(keys: String(keys(version: 2).dropLast(6)) + "AAAAAA"), "keys", .signature),
            (try file(nation: foreign), "nation", .signature),
            (try file(nation: set(.system(Sample.system))), "nation", .audience),
            (try file(system: set(.nation)), "system", .audience),
            (try file(system: set(.system(Sample.system), Policy.typ)), "system", .typ),
            (try file(policy: ""), "policy", .malformed),
        ]
        for (file, place, why) in files {
            let orders = try orders()
            let outcome = file.adopt(into: orders)
            #expect(outcome.fault == .init(place: place, why: why))
            let held = orders.held
            #expect(held.nation == nil && held.system == nil && held.policy == nil, "\(place)")
            let words = outcome.words
            #expect(words.en.contains(place) && words.vi.contains(place) && words.vi != words.en)
            let failure = #expect(throws: CommandFailure.self) { try outcome.told() }
            #expect(failure?.code == .notAllowed)
            // As the running agent writes it down for the command.
            let read = try decodeJSON(HandCarriedOutcome.self, encodeJSON(outcome))
            #expect(read.fault == outcome.fault)
        }
    }
}
