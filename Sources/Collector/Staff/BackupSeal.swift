import Platform
import Wire

/// How to seal a backup, as the client asks: exactly one of a passphrase, public keys, and `--unsealed`.
package struct BackupSeal {
    package static let passphraseFile = "passphrase"
    package static let recipientsFile = "recipients"

    /// Nil leaves the backup unsealed.
    package let lock: SealedFile.Lock?
    /// What the audit log says of the sealing.
    package let note: String

    package init(_ request: AdminRequest) throws {
        let passphrase = request.files.first { $0.name == Self.passphraseFile }?.text
        let recipients = request.files.first { $0.name == Self.recipientsFile }?.text
        let isClear = request.flags.contains("unsealed")
        let given = [passphrase != nil, recipients != nil, isClear].count { $0 }
        guard given == 1 else {
            throw given == 0 ? Self.unsealed : Self.several
        }
        if let passphrase {
            guard SealedBox.passphraseBytes.contains(passphrase.utf8.count) else {
                throw Self.length(passphrase.utf8.count)
            }
            lock = .passphrase([UInt8](passphrase.utf8))
            note = "sealed with a passphrase"
        } else if let recipients {
            guard let keys = SealedFileKeys.recipients(recipients) else { throw Self.noKeys }
            lock = .recipients(keys)
            note =
                "sealed for "
                + keys.map { SealedFileKeys.text(recipient: $0) }.joined(separator: " ")
        } else {
            lock = nil
            note = "not sealed"
        }
    }

    private static let unsealed = CommandFailure(
        .usage,
        "backup: it holds the signing key and is not written in clear; name who can open it: --recipient FILE (made by chot-collector backup-key) or --passphrase-file FILE; --unsealed writes it in clear",
        vi:
            "backup: tệp chứa khóa ký nên không ghi ở dạng rõ; hãy nêu ai mở được: --recipient FILE (tạo bằng chot-collector backup-key) hoặc --passphrase-file FILE; --unsealed để ghi dạng rõ"
    )

    private static let several = CommandFailure(
        .usage, "backup: only one of --recipient, --passphrase-file and --unsealed",
        vi: "backup: chỉ dùng một trong --recipient, --passphrase-file và --unsealed")

    private static func length(_ bytes: Int) -> CommandFailure {
        CommandFailure(
            .badInput, "backup: a passphrase needs 12 to 1024 bytes, this one has \(bytes)",
            vi: "backup: mật khẩu cần 12 đến 1024 byte, mật khẩu này có \(bytes)")
    }

    private static let noKeys = CommandFailure(
        .badInput,
        "backup: --recipient must name a file of 1 to 16 public keys (age1…), one a line, as chot-collector backup-key writes it",
        vi:
            "backup: --recipient phải là tệp có 1 đến 16 khóa công khai (age1…), mỗi dòng một khóa, do chot-collector backup-key tạo"
    )
}
