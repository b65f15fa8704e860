import Domain
import Platform
import Wire

/// Orders carried by hand while the network is down: the signed objects as `chot-collector lockset export` writes
/// them. Each proves itself by its signature, so the file needs none.
struct HandCarried: Codable {
    static let bytesMax =
        Limits.policyBytesMax + 2 * Limits.lockSetBytesMax + Limits.requestBytesMax

    let keys: String
    let nation: String
    let system: String
    let policy: String

    /// The system that the policy names; it only finds the post, which then checks the signature.
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

    /// What in a file this agent cannot take, and where it stands.
    struct Fault: Error, Equatable, Codable {
        let place: String
        let why: Orders.Refused

        /// The fault of a file that could not be read at all.
        static let file = Fault(place: "file", why: .malformed)

        var words: Localized {
            return Localized(
                vi: "tệp bị từ chối, không nhận phần nào; \(shown(place)): \(why.words.vi)",
                en: "refused, nothing of it was taken; \(shown(place)): \(why.words.en)")
        }
    }

    /// Adopts all of it or nothing: a part that cannot be read is not passed over.
    func adopt(into orders: Orders) -> HandCarriedOutcome {
        do throws(Fault) {
            try orders.check(self)
        } catch {
            return HandCarriedOutcome(fault: error, held: orders.held)
        }
        orders.adoptKeys(keys)
        let adopted = [
            ("nation", orders.adoptLockSet(nation)), ("system", orders.adoptLockSet(system)),
            ("policy", orders.adoptPolicy(policy)),
        ]
        return HandCarriedOutcome(
            new: adopted.filter(\.1).map(\.0), old: adopted.filter { !$0.1 }.map(\.0),
            held: orders.held)
    }
}
