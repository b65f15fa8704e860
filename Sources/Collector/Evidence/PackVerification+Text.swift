import Domain
import Platform
import Wire

extension PackVerification.Result {
    /// For who holds the pack in hand: what was proven, what was not.
    func text(_ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var lines = [
            say("Bộ hồ sơ của lệnh khóa ", "Pack of lock ") + (lock.isEmpty ? "?" : shown(lock))
        ]
        lines += checks.map {
            ($0.isSound ? say("  đúng  ", "  ok    ") : say("  SAI   ", "  WRONG "))
                + "\($0.name): \(language == .vi ? $0.vi : $0.en)"
        }
        lines.append(say("Chưa chứng minh được:", "Not proven:"))
        lines += open.map { "  - \($0[language])" }
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

    var json: JSONValue {
        get throws {
            let value = try decodeJSON(JSONValue.self, encodeJSON(self))
            return value.merged(with: .object(["sound": .bool(isSound)]))
        }
    }
}
