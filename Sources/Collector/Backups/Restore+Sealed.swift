import Platform
import Wire

/// Says why a sealed backup could not be opened.
extension Restore {
    static func closed(_ path: String) -> CommandFailure {
        CommandFailure(
            .usage,
            "\(path) is sealed; name what opens it: --identity FILE (the private key) or --passphrase-file FILE",
            vi:
                "\(path) đã niêm phong; hãy nêu cách mở: --identity FILE (khóa riêng) hoặc --passphrase-file FILE"
        )
    }

    package static func failure(_ error: SealedFileError, _ path: String) -> CommandFailure {
        switch error {
        case .needsPassphrase:
            CommandFailure(
                .badInput, "\(path) is sealed with a passphrase: use --passphrase-file FILE",
                vi: "\(path) được niêm phong bằng mật khẩu: hãy dùng --passphrase-file FILE")
        case .needsIdentity:
            CommandFailure(
                .badInput, "\(path) is sealed for the owner of a key: use --identity FILE",
                vi: "\(path) được niêm phong cho người giữ khóa: hãy dùng --identity FILE")
        case .wrongPassphrase:
            CommandFailure(
                .badInput, "\(path): the passphrase is wrong, or the file is damaged",
                vi: "\(path): sai mật khẩu, hoặc tệp bị hỏng")
        case .otherIdentity:
            CommandFailure(
                .badInput,
                "\(path) was sealed for another key than this one, or the file is damaged",
                vi: "\(path) được niêm phong cho khóa khác, hoặc tệp bị hỏng")
        case .tooCostly(let logN):
            CommandFailure(
                .badInput,
                "\(path): to try its passphrase would take 2^\(logN) KiB of memory; nothing of ours asks for more than 2^16 KiB, and 2^18 is the most that is given",
                vi:
                    "\(path): thử mật khẩu cần 2^\(logN) KiB bộ nhớ; chương trình này chỉ dùng 2^16 KiB và cho phép nhiều nhất 2^18"
            )
        case .damaged(let place):
            CommandFailure(
                .badInput,
                "\(path) is damaged or cut short (from byte \(place) on); use another backup",
                vi: "\(path) bị hỏng hoặc bị cắt (từ byte \(place)); hãy dùng bản sao lưu khác")
        }
    }
}
