import Domain
import Platform
import Seeds
import Wire

/// What the model collector orders: lock sets, policy and keys, signed, with all that was ever issued, so that a
/// liar can serve old ones and a check can tell true from forged.
struct OrdersBook {
    let system: SystemCode
    private let root: Ed25519PrivateKey
    private var signing: Ed25519PrivateKey
    private let forger: Ed25519PrivateKey
    private(set) var generation: Int64 = 1
    private var counters: [String: Int64] = ["nation": 0, "system": 0, "policy": 0]
    private var keysVersion: Int64 = 0
    private var signers: [Ed25519PrivateKey] = []

    private(set) var policy: Policy
    private(set) var locks: [Lock] = []
    private(set) var waivers: [Waiver] = []

    /// Who was ever locked.
    private(set) var everLocked: Set<Login> = []
    private var known: [String: Set<String>] = [:]

    /// By `nation`, `system`, `policy`, `keys`: compact JWSs, the newest last.
    private(set) var issued: [String: [String]] = [:]
    private(set) var ca = ""

    init(policy: Policy, chance: inout Chance) throws {
        func key(_ chance: inout Chance) throws -> Ed25519PrivateKey {
            try Ed25519PrivateKey(
                seed: (0..<32).map { _ in UInt8.random(in: 0...255, using: &chance) })
        }
        system = policy.system
        self.policy = policy
        root = try key(&chance)
        signing = try key(&chance)
        forger = try key(&chance)
        signers = [signing]
        try issueKeys(at: policy.issuedAt)
        try issueSet("nation", at: policy.issuedAt)
        try issueSet("system", at: policy.issuedAt)
        try issuePolicy(at: policy.issuedAt)
    }

    var rootThumbprint: String { JWK(root.publicKey).thumbprint }
    func newest(_ name: String) -> String { issued[name]?.last ?? "" }

    private mutating func version(_ name: String) -> Version {
        counters[name, default: 0] += 1
        return Version(generation: generation, counter: counters[name] ?? 0)
    }

    mutating func issueKeys(at now: Timestamp, newSigner: Ed25519PrivateKey? = nil) throws {
        if let newSigner {
            signing = newSigner
            signers.append(newSigner)
        }
        keysVersion += 1
        ca = "CA \(keysVersion)\n"
        let list = KeyList(
            version: keysVersion, collector: "collector", root: JWK(root.publicKey),
            signing: signers.map { JWK($0.publicKey) }, ca: ca, issuedAt: now)
        issued["keys", default: []].append(try JWS.sign(list, typ: KeyList.typ, with: root))
    }

    private func set(_ name: String, _ version: Version, at now: Timestamp) -> LockSet {
        LockSet(
            audience: name == "nation" ? .nation : .system(system), version: version, issuedAt: now,
            locks: name == "nation" ? [] : locks, waivers: name == "nation" ? [] : waivers)
    }

    mutating func issueSet(_ name: String, at now: Timestamp) throws {
        let set = set(name, version(name), at: now)
        let compact = try JWS.sign(set, typ: LockSet.typ, with: signing)
        issued[name, default: []].append(compact)
        known[name, default: []].insert(JWS.digest(compact))
    }

    mutating func issuePolicy(at now: Timestamp) throws {
        policy.version = version("policy")
        policy.issuedAt = now
        issued["policy", default: []].append(try JWS.sign(policy, typ: Policy.typ, with: signing))
    }

    func digests(_ name: String) -> Set<String> { known[name] ?? [] }

    mutating func lock(_ login: Login, at now: Timestamp) throws {
        everLocked.insert(login)
        locks.append(
            Lock(
                id: "L-2026-\(100_000 + locks.count)", scope: .account(login, system),
                reason: "staff", message: .same("khóa"), issuedAt: now, expiresAt: nil))
        try issueSet("system", at: now)
    }

    mutating func release(at now: Timestamp, waiver: Waiver? = nil) throws {
        if !locks.isEmpty { locks.removeFirst() }
        if let waiver { waivers.append(waiver) }
        try issueSet("system", at: now)
    }

    /// What an agent must refuse.
    func forged(_ name: String, at now: Timestamp, _ chance: inout Chance) throws -> String {
        let ahead = Version(generation: generation + 1, counter: 1)
        switch chance.number(0...4) {
        case 0: return try JWS.sign(set(name, ahead, at: now), typ: LockSet.typ, with: forger)
        case 1:
            var foreign = set(name, ahead, at: now)
            foreign.audience = "H29.motcua"
            return try JWS.sign(foreign, typ: LockSet.typ, with: signing)
        case 2: return try JWS.sign(set(name, ahead, at: now), typ: Policy.typ, with: signing)
        case 3: return String(newest(name).dropLast(chance.number(1...40)))
        default: return "không phải JWS"
        }
    }

    /// A collector restored from backup goes on in a new generation with the locks it takes back.
    mutating func restore(at now: Timestamp) throws {
        generation += 1
        counters = ["nation": 0, "system": 0, "policy": 0]
        try issueSet("nation", at: now)
        try issueSet("system", at: now)
        try issuePolicy(at: now)
    }
}
