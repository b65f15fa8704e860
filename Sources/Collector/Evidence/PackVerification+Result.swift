import CollectorUsage
import CollectorValues
import Domain
import Platform
import Wire

extension PackVerification {
    package struct Check: Codable, Equatable {
        /// The file, or the comparison, that was checked.
        package var name: String
        package var isSound: Bool
        package var vi: String
        package var en: String

        package enum CodingKeys: String, CodingKey {
            case name, vi, en
            case isSound = "ok"
        }
    }

    package struct Result: Codable, Equatable {
        package var lock = ""
        package var root = ""
        var isRootPinned = false
        package var checks: [Check] = []
        /// The most characters that are said of one check.
        static let textMax = 2000

        /// What could not be proven either way.
        package var open: [Localized] = []

        package init(
            lock: String = "", root: String = "", isRootPinned: Bool = false, checks: [Check] = [],
            open: [Localized] = []
        ) {
            self.lock = lock
            self.root = root
            self.isRootPinned = isRootPinned
            self.checks = checks
            self.open = open
        }
        package var isSound: Bool { !checks.isEmpty && checks.allSatisfy(\.isSound) }

        package enum CodingKeys: String, CodingKey {
            case lock, root, checks, open
            case isRootPinned = "root_pinned"
        }

        package mutating func add(_ name: String, _ isSound: Bool, vi: String, en: String) {
            // Parts of it come from the pack, whose line breaks must not break a line of ours.
            checks.append(
                Check(
                    name: shown(name, lengthMax: Self.textMax), isSound: isSound,
                    vi: shown(vi, lengthMax: Self.textMax), en: shown(en, lengthMax: Self.textMax)))
        }
    }
}

extension PackVerification.Result {
    /// For whoever has the pack: what was proven and what was not.
    package func text(_ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var lines = [
            say("Bộ hồ sơ của lệnh khóa ", "Pack of lock ") + (lock.isEmpty ? "?" : shown(lock))
        ]
        lines += checks.map {
            ($0.isSound ? say("  đúng  ", "  ok    ") : say("  SAI   ", "  WRONG "))
                + "\($0.name): \(language == .vi ? $0.vi : $0.en)"
        }
        lines.append(say("Chưa chứng minh được:", "Not proven:"))
        lines += open.map { "  - \(shown($0[language], lengthMax: Self.textMax))" }
        let wrong = checks.count { !$0.isSound }
        lines.append(
            isSound
                ? say(
                    "KẾT LUẬN: bộ hồ sơ nguyên vẹn, tự nó nhất quán.",
                    "CONCLUSION: the pack is whole and agrees with itself.")
                : say(
                    "KẾT LUẬN: KHÔNG dùng được bộ hồ sơ này: \(wrong) điểm sai.",
                    "CONCLUSION: do NOT rely on this pack: \(wrong) things are wrong."))
        return lines.joined(separator: "\n")
    }

    package var json: JSONValue {
        get throws {
            let value = try decodeJSON(JSONValue.self, encodeJSON(self))
            return value.merged(with: .object(["sound": .bool(isSound)]))
        }
    }
}
