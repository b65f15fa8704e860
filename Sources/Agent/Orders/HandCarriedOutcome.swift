import Domain
import Platform
import Wire

/// What became of a file carried by hand. A running agent writes it down for the command that brought the file.
struct HandCarriedOutcome: Codable {
    var fault: HandCarried.Fault?
    /// The names of objects that came into force by the file; `old` has those that were not newer.
    var new: [String] = []
    var old: [String] = []
    var held: Summary.Held

    var words: Localized {
        if let fault { return fault.words }
        func lines(_ isNew: String, _ isOld: String, _ holds: String) -> String {
            (new.map { "\($0): \(isNew)" } + old.map { "\($0): \(isOld)" } + [
                "\(holds) nation \(held.nation?.version.description ?? "-"), system \(held.system?.version.description ?? "-"), policy \(held.policy?.description ?? "-")"
            ]).joined(separator: "\n")
        }
        return Localized(
            vi: lines("đã áp dụng", "không mới hơn bản đang dùng", "đang giữ:"),
            en: lines("in force now", "not newer", "holds"))
    }

    /// The sentence for the command. Throws when the file was refused, so that the command fails.
    func told() throws -> Localized {
        guard fault == nil else {
            throw CommandFailure(
                .notAllowed, "lockset import: \(words.en)", vi: "lockset import: \(words.vi)")
        }
        return words
    }

    static func read(_ path: String) -> HandCarriedOutcome? {
        (try? Files.read(path, bytesMax: 65_536)).flatMap {
            try? decodeJSON(HandCarriedOutcome.self, $0)
        }
    }
}
