import Domain
import Platform
import Wire

/// Orders carried by hand while the network is down: the signed objects as `chot-collector lockset export`
/// writes them. Each proves itself by its signature; the file needs none.
struct HandCarried: Codable {
    static let bytesMax =
        Limits.policyBytesMax + 2 * Limits.lockSetBytesMax + Limits.requestBytesMax

    let keys: String
    let nation: String
    let system: String
    let policy: String

    /// The system that its policy names: to find the post it is for, which then checks the signature.
    var systemName: SystemCode? {
        struct Named: Decodable { let system: SystemCode }
        guard let jws = try? JWS.parse(policy.utf8) else { return nil }
        return try? decodeJSON(Named.self, jws.payload).system
    }

    static func inbox(_ state: String) -> String { "\(state)/orders.import" }
    static func receipt(_ state: String) -> String { "\(state)/orders.imported" }

    static func read(_ path: String) throws -> HandCarried {
        let bytes = try Files.read(path, bytesMax: bytesMax)
        guard let carried = try? decodeJSON(HandCarried.self, bytes) else {
            throw CommandFailure(
                .badInput,
                "\(path): is no file of chot-collector lockset export; it may be cut short",
                vi:
                    "\(path): không phải tệp của chot-collector lockset export; có thể tệp bị cắt cụt"
            )
        }
        return carried
    }

    /// What became of each object, for the one who carried it.
    func adopt(into orders: Orders) -> String {
        orders.adoptKeys(keys)
        let before = orders.takeRefused()
        orders.giveBackRefused(before)
        let changed = [
            ("nation", orders.adoptLockSet(nation)), ("system", orders.adoptLockSet(system)),
            ("policy", orders.adoptPolicy(policy)),
        ]
        let after = orders.takeRefused()
        orders.giveBackRefused(after)
        let refused = after.compactMap { why, count in
            count > before[why, default: 0] ? why : nil
        }.sorted()
        var lines = changed.map { name, isNew in "\(name): \(isNew ? "in force now" : "not newer") "
        }
        let held = orders.held
        lines.append(
            "holds nation \(held.nation?.version.description ?? "-"), system \(held.system?.version.description ?? "-"), policy \(held.policy?.description ?? "-")"
        )
        if !refused.isEmpty { lines.append("refused: \(refused.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}
