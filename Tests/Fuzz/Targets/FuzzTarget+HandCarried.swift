import Domain
import Platform
import Wire

@testable import Agent

extension FuzzTarget {
    /// Files of orders carried by hand. A part that begins with a brace is signed here first, so that
    /// the search gets past the signatures.
    static let handCarried = FuzzTarget(
        "handcarried",
        words: [
            "\"keys\":\"", "\"nation\":\"", "\"system\":\"", "\"policy\":\"", "{\\\"v\\\":1,",
            "\\\"audience\\\":\\\"nation\\\"", "\\\"version\\\":\\\"1.2\\\"", "\\\"locks\\\":[",
            "\\\"mode\\\":\\\"enforce\\\"", "\\\"audit\\\":{",
        ], bytesMax: 8192
    ) { bytes in
        guard let file = try? decodeJSON(HandCarried.self, bytes) else { return }
        let key = try Fuzz.key.get()
        func signed(_ text: String, _ typ: String) throws -> String {
            text.hasPrefix("{") ? try JWS.sign([UInt8](text.utf8), typ: typ, with: key) : text
        }
        let carried = HandCarried(
            keys: file.keys.hasPrefix("{")
                ? try JWS.sign([UInt8](file.keys.utf8), typ: KeyList.typ, with: Fuzz.root.get())
                : file.keys,
            nation: try signed(file.nation, LockSet.typ),
            system: try signed(file.system, LockSet.typ),
            policy: try signed(file.policy, Policy.typ))
        let state = try Fuzz.folder("orders")
        let orders = try makeOrders(state)
        let told = carried.adopt(into: orders)
        let held = orders.held
        try promise(told.new.contains("nation") == (held.nation != nil), told.words.en)
        try promise(
            told.fault == nil || held.nation == nil && held.system == nil && held.policy == nil,
            "takes part of a file that it refuses")
        if let nation = held.nation {
            let digests = [carried.nation, carried.system].map(JWS.digest)
            try promise(digests.contains(nation.digest), "holds another set than was carried")
        }
        // What is in force is on the disk, and is in force again after a restart.
        let again = try makeOrders(state)
        try promise(
            again.held.nation == held.nation && again.held.system == held.system
                && again.held.policy == held.policy, "a restart forgets what is in force")
        // The same file once more changes nothing.
        _ = carried.adopt(into: orders)
        try promise(orders.held == held, "the second time changes what is in force")
        _ = orders.rules
    }

    private static func makeOrders(_ state: String) throws -> Orders {
        let (root, key) = (try Fuzz.root.get(), try Fuzz.key.get())
        let list = KeyList(
            version: 1, collector: "chot", root: JWK(root.publicKey), signing: [JWK(key.publicKey)],
            ca: "", issuedAt: Timestamp(milliseconds: 1_795_486_000_000))
        if !Files.exists("\(state)/keys.jws") {
            try Files.writeAtomically(
                "\(state)/keys.jws", JWS.sign(list, typ: KeyList.typ, with: root))
        }
        let identity = Identity(
            agent: AgentID(unchecked: "H26.motcua/1"), system: SystemCode(unchecked: "H26.motcua"),
            collector: "chot", collectorURL: "https://chot.example.gov.vn",
            root: JWK(root.publicKey).thumbprint, epoch: 1,
            enrolledAt: Timestamp(milliseconds: 1_795_486_000_000), keepsOwnCA: nil)
        return try Orders(state: state, identity: identity, metrics: Metrics())
    }
}
