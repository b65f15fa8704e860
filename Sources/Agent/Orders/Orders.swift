import Domain
import Platform
import Synchronization
import Wire

/// The lock sets and the policy in force, signed by the collector. They are verified, kept on disk, and never replaced
/// by anything older, for another audience, or not signed by a key of the pinned root (docs/domain.md#promise-5).
final class Orders: Sendable {
    enum Refused: String, Error, Codable {
        case malformed, typ, signature, audience, stale

        /// Says what is wrong with an object that is not taken.
        var words: Localized {
            switch self {
            case .malformed: Localized(vi: "không đọc được", en: "cannot be read")
            case .typ: Localized(vi: "không đúng loại", en: "is signed as something else")
            case .signature:
                Localized(
                    vi: "chữ ký không đúng hoặc không phải khóa ký của máy chủ tổng hợp này",
                    en: "its signature is wrong, or not by a key of this collector")
            case .audience:
                Localized(vi: "dành cho nơi khác", en: "is for another audience or system")
            case .stale: Localized(vi: "cũ hơn bản đang dùng", en: "is older than what is held")
            }
        }
    }

    private struct State {
        var keys: KeyList
        var nation: (set: LockSet, held: HeldVersion)?
        var system: (set: LockSet, held: HeldVersion)?
        var policy: Policy?
        var refused: [String: Int64] = [:]
        /// What is not on the disk yet, by file name.
        var unsaved: [String: String] = [:]
        /// The authority that lies on the disk.
        var savedCA: String?
    }

    private let folder: String
    private let identity: Identity
    private let state: Mutex<State>
    /// Lets one thread write the files at a time, so that an older object never replaces a newer one.
    private let saving = Mutex<Void>(())
    private let metrics: Metrics
    /// What was offered and not taken; each entry stays until its object is taken.
    let troubles = CentreTroubles()

    /// Loads what is on disk. An object there that does not verify is left out and reported.
    init(state folder: String, identity: Identity, metrics: Metrics) throws {
        self.folder = folder
        self.identity = identity
        self.metrics = metrics
        let keys = try KeyList.verified(
            try Files.readText("\(folder)/keys.jws"), root: identity.root)
        state = Mutex(State(keys: keys, savedCA: try? Files.readText("\(folder)/ca.pem")))
        for name in ["nation", "system"] {
            if let text = kept(name, Limits.lockSetBytesMax, .lockSets) {
                adoptLockSet(text, keep: false)
            }
        }
        if let text = kept("policy", Limits.policyBytesMax, .policy) {
            adoptPolicy(text, keep: false)
        }
        saveUnsaved()
    }

    /// Reads a kept object; nil when it was never kept, or cannot be read, which is reported.
    private func kept(_ name: String, _ bytesMax: Int, _ task: CentreTroubles.Task) -> String? {
        let path = "\(folder)/\(name).jws"
        guard Files.exists(path) else { return nil }
        do {
            return try Files.readText(path, bytesMax: bytesMax)
        } catch {
            troubles.note(task, Localized(of: error))
            return nil
        }
    }

    var held: Summary.Held {
        state.withLock {
            Summary.Held(
                nation: $0.nation?.held, system: $0.system?.held, policy: $0.policy?.version)
        }
    }

    /// The sets in force as they were signed; nil when there are none or they cannot be read.
    var nationText: String? { text("nation", state.withLock { $0.nation?.held }) }
    var systemText: String? { text("system", state.withLock { $0.system?.held }) }

    private func text(_ name: String, _ held: HeldVersion?) -> String? {
        guard let held else { return nil }
        let text =
            state.withLock { $0.unsaved[name] }
            ?? (try? Files.readText("\(folder)/\(name).jws", bytesMax: Limits.lockSetBytesMax))
        return text.flatMap { JWS.digest($0) == held.digest ? $0 : nil }
    }

    /// The version of an object in force, and when the collector signed it.
    typealias Signed = (version: Version, at: Timestamp)
    var standing: (nation: Signed?, system: Signed?, policy: Signed?) {
        state.withLock { state in
            (
                state.nation.map { ($0.set.version, $0.set.issuedAt) },
                state.system.map { ($0.set.version, $0.set.issuedAt) },
                state.policy.map { ($0.version, $0.issuedAt) }
            )
        }
    }

    /// Whether something in force is not on the disk yet, so that a restart would go back to the former.
    var isUnsaved: Bool { state.withLock { !$0.unsaved.isEmpty } }

    /// The latest time that the collector has signed; 1970 when nothing is held. The key list does not count: the
    /// root signs it on a separate machine.
    var issuedAt: Timestamp {
        state.withLock { state in
            [
                state.nation?.set.issuedAt, state.system?.set.issuedAt,
                state.policy?.issuedAt,
            ].compactMap { $0 }.filter(\.isPlausible).max() ?? Timestamp(milliseconds: 0)
        }
    }

    var isComplete: Bool {
        state.withLock { $0.nation != nil && $0.system != nil && $0.policy != nil }
    }

    /// The rules in force; nil until the policy and both lock sets are held.
    var rules: GateRules? {
        state.withLock { state in
            guard let policy = state.policy, let nation = state.nation, let system = state.system
            else {
                return nil
            }
            return GateRules(policy: policy, sets: [nation.set, system.set])
        }
    }

    /// Takes the refusals since the last call, counted by reason, for the next summary.
    func takeRefused() -> [String: Int64] {
        state.withLock { state in
            defer { state.refused = [:] }
            return state.refused
        }
    }

    func giveBackRefused(_ counts: [String: Int64]) {
        state.withLock { $0.refused.merge(counts, uniquingKeysWith: +) }
    }

    /// Takes a newer key list that the pinned root signed.
    func adoptKeys(_ compact: String) {
        guard let list = try? KeyList.verified(compact, root: identity.root) else {
            return refuse(.signature, .keys)
        }
        troubles.clear(.keys)
        let isNewer = state.withLock { state in
            guard list.version > state.keys.version else { return false }
            state.keys = list
            state.unsaved["keys"] = compact
            return true
        }
        if isNewer { saveUnsaved() }
    }

    /// Takes a lock set. Returns true when it changed what is in force.
    @discardableResult
    func adoptLockSet(_ compact: String, keep isKept: Bool = true) -> Bool {
        do throws(Refused) {
            let set: LockSet = try verified(compact, typ: LockSet.typ)
            guard set.isPlausible else { throw .malformed }
            let held = HeldVersion(version: set.version, digest: JWS.digest(compact))
            guard let audience = Audience(set.audience),
                audience == .nation || audience == .system(identity.system)
            else { throw .audience }
            let changed = try state.withLock { state throws(Refused) in
                let known = audience == .nation ? state.nation : state.system
                if known?.held == held { return false }
                if let known, set.version < known.set.version { throw .stale }
                if audience == .nation {
                    state.nation = (set, held)
                } else {
                    state.system = (set, held)
                }
                if isKept { state.unsaved[audience == .nation ? "nation" : "system"] = compact }
                return true
            }
            if changed, isKept {
                saveUnsaved()
                if let digest = set.audit { keep(digest) }
            }
            troubles.clear(.lockSets)
            return changed
        } catch {
            refuse(error, .lockSets)
            return false
        }
    }

    @discardableResult
    func adoptPolicy(_ compact: String, keep isKept: Bool = true) -> Bool {
        do throws(Refused) {
            let policy: Policy = try verified(compact, typ: Policy.typ)
            guard policy.system == identity.system else { throw .audience }
            guard policy.isPlausible else { throw .malformed }
            let changed = try state.withLock { state throws(Refused) in
                if let known = state.policy {
                    if policy.version < known.version { throw .stale }
                    if policy == known { return false }
                }
                state.policy = policy
                if isKept { state.unsaved["policy"] = compact }
                return true
            }
            if changed, isKept { saveUnsaved() }
            troubles.clear(.policy)
            return changed
        } catch {
            refuse(error, .policy)
            return false
        }
    }

    /// Throws unless all of a file is ours and can be read; nothing is taken before. Older objects are no fault.
    func check(_ carried: HandCarried) throws(HandCarried.Fault) {
        var keys = state.withLock { $0.keys }
        var strange: Int?
        func check(_ place: String, _ body: () throws(Refused) -> Void) throws(HandCarried.Fault) {
            do throws(Refused) {
                try body()
            } catch {
                throw HandCarried.Fault(place: place, why: error)
            }
        }
        try check("keys") { () throws(Refused) in
            let list = try verifiedKeys(carried.keys)
            if list.version > keys.version { keys = list }
            strange = list.signing.firstIndex { $0.key == nil }
        }
        if let strange {
            throw HandCarried.Fault(place: "keys.signing[\(strange)]", why: .malformed)
        }
        let sets = [
            ("nation", carried.nation, Audience.nation),
            ("system", carried.system, Audience.system(identity.system)),
        ]
        for (place, compact, audience) in sets {
            try check(place) { () throws(Refused) in
                let set: LockSet = try verified(compact, typ: LockSet.typ, by: keys)
                guard set.isPlausible else { throw .malformed }
                guard Audience(set.audience) == audience else { throw .audience }
            }
        }
        try check("policy") { () throws(Refused) in
            let policy: Policy = try verified(carried.policy, typ: Policy.typ, by: keys)
            guard policy.system == identity.system else { throw .audience }
            guard policy.isPlausible else { throw .malformed }
        }
    }

    private func verifiedKeys(_ compact: String) throws(Refused) -> KeyList {
        do {
            return try KeyList.verified(compact, root: identity.root)
        } catch let problem as JWS.Problem {
            throw problem == .typ ? .typ : problem == .signature ? .signature : .malformed
        } catch {
            throw .malformed
        }
    }

    private func verified<T: Decodable>(
        _ compact: String, typ: String, by keys: KeyList? = nil
    ) throws(Refused) -> T {
        do {
            let jws = try JWS.parse(compact.utf8)
            let keys = keys ?? state.withLock { $0.keys }
            guard let key = keys.signingKey(jws.kid) else { throw Refused.signature }
            return try decodeJSON(T.self, try jws.verified(by: key, typ: typ))
        } catch let problem as JWS.Problem {
            throw problem == .typ ? .typ : problem == .signature ? .signature : .malformed
        } catch let refused as Refused {
            throw refused
        } catch {
            throw .malformed
        }
    }

    private func keep(_ digest: AuditDigest) {
        do {
            try AuditDigests(folder: folder).keep(digest)
        } catch {
            metrics.add("chot_agent_storage_errors_total")
            Log.error(
                "cannot keep the digest of the centre's audit log; the next lock set brings another",
                ["error": error])
        }
    }

    private func refuse(_ why: Refused, _ task: CentreTroubles.Task) {
        // An object older than ours is no loss.
        if why != .stale {
            troubles.note(
                task,
                Localized(vi: "từ chối: \(why.words.vi)", en: "refused: \(why.rawValue)"))
        }
        metrics.add("chot_agent_lockset_refused_total", "why=\"\(why.rawValue)\"")
        state.withLock { $0.refused[why.rawValue, default: 0] += 1 }
        Log.warning(
            "refused a lock set or policy; what is in force stays",
            ["agent": identity.agent, "why": why.rawValue])
    }

    /// Writes what is in force and not on the disk yet. On a full disk it is enforced from memory all the same and
    /// written later: the courier calls this with every round.
    ///
    /// The authority follows its key list, never the other way round: whoever finds the two apart after a crash
    /// knows which one is newer.
    func saveUnsaved() {
        saving.withLock { _ in
            defer { saveCA() }
            for (name, compact) in state.withLock({ $0.unsaved }).sorted(by: { $0.key < $1.key }) {
                do {
                    try Files.writeAtomically("\(folder)/\(name).jws", compact)
                    state.withLock { if $0.unsaved[name] == compact { $0.unsaved[name] = nil } }
                } catch {
                    metrics.add("chot_agent_storage_errors_total")
                    Log.error(
                        "cannot keep what the collector ordered; a restart would go back to the former",
                        ["agent": identity.agent, "error": error])
                }
            }
        }
    }

    private func saveCA() {
        guard identity.keepsOwnCA != true else { return }
        let newer = state.withLock { state in
            state.unsaved["keys"] == nil && state.savedCA != state.keys.ca ? state.keys.ca : nil
        }
        guard let newer else { return }
        do {
            try Files.writeAtomically("\(folder)/ca.pem", newer)
            state.withLock { $0.savedCA = newer }
        } catch {
            metrics.add("chot_agent_storage_errors_total")
            Log.error("cannot keep the collector's authority; it is tried again", ["error": error])
        }
    }
}
