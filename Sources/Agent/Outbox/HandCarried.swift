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

    /// What a file holds that this agent cannot take, and where in it.
    struct Fault: Error, Equatable, Codable {
        let place: String
        let why: Orders.Refused

        /// The file itself could not be read.
        static let file = Fault(place: "file", why: .malformed)

        var words: Localized {
            return Localized(
                vi: "tệp bị từ chối, không nhận phần nào; \(shown(place)): \(why.words.vi)",
                en: "refused, nothing of it was taken; \(shown(place)): \(why.words.en)")
        }
    }

    /// Takes all of it or nothing: what cannot be read is not passed over.
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
