import Domain
import Glibc
import Platform

/// A passphrase in a file, whose first and only line it is. Somebody will have to type it, perhaps on another machine,
/// so it must not contain anything invisible.
enum PassphraseFile {
    static let bytesMax = 4096
    /// How many different characters it must have at least.
    private static let differentMin = 4

    /// Reads a passphrase for opening: as it is, whatever it is made of.
    static func read(_ path: String) throws -> String {
        var text = try Files.readText(path, bytesMax: bytesMax)
        for end in ["\r\n", "\n"] where text.hasSuffix(end) {
            text.unicodeScalars.removeLast(end.unicodeScalars.count)
            break
        }
        return text
    }

    /// Reads a passphrase for sealing. `forWhat` completes the sentence of an error, as in "the annex".
    static func readNew(_ path: String, forWhat: Localized) throws -> String {
        let text = try read(path)
        func failure(_ vi: String, _ en: String) -> CommandFailure {
            CommandFailure(
                .badInput, "\(path): the passphrase of \(forWhat.en) \(en)",
                vi: "\(path): mật khẩu của \(forWhat.vi) \(vi)")
        }
        let bytes = text.utf8.count
        guard SealedBox.passphraseBytes.contains(bytes) else {
            throw failure(
                "cần 12 đến 1024 byte, tệp này có \(bytes)",
                "needs 12 to 1024 bytes, this one has \(bytes)")
        }
        if let fault = Lookalikes.hidden(in: text) { throw failure(fault.vi, fault.en) }
        guard text == text.trimmingBlanks else {
            throw failure(
                "có khoảng trắng ở đầu hoặc cuối", "has a blank at its beginning or end")
        }
        guard Set(text).count >= differentMin else {
            throw failure(
                "cần ít nhất \(differentMin) ký tự khác nhau",
                "needs at least \(differentMin) different characters")
        }
        return text
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
