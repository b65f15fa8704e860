import CollectorStaff
import Domain
import Glibc
import Platform
import Wire

/// Commands about backups that do some of their work on the client's side.
struct BackupCommands {
    let command: ParsedCommand
    let language: Language

    private func say(_ vi: String, _ en: String) { Platform.print(language == .vi ? vi : en) }

    // MARK: backup

    /// Adds what the server needs for sealing, because it cannot read every file that the client's user can.
    func request(_ request: AdminRequest) throws -> AdminRequest {
        var request = request
        if let path = request.arguments.first, !path.hasPrefix("/") {
            // The server has another working folder.
            request.arguments[0] = (try Files.workingFolder()) + "/" + path
        }
        for name in ["passphrase-file", "recipient"] { request.options[name] = nil }
        if let path = command.option("passphrase-file") {
            request.files.append(
                .init(
                    name: BackupSeal.passphraseFile,
                    text: try Self.newPassphrase(
                        path, of: Localized(vi: "bản sao lưu", en: "the backup"))))
        }
        if let paths = command.options["recipient"] {
            let keys = try paths.map { path in
                _ = try FileGuard.check([GuardedPath(path, .publicKey)], .badInput)
                return try Files.readText(path, bytesMax: 65_536)
            }
            request.files.append(
                .init(name: BackupSeal.recipientsFile, text: keys.joined(separator: "\n")))
        }
        return request
    }

    // MARK: backup-key

    /// Makes a key pair: the private key in a new file with mode 0600, the public one beside it as `.pub`.
    func makeKey() throws {
        let path = try command.argument(0, "a file")
        for file in [path, path + ".pub"] {
            guard !Files.exists(file) else {
                throw CommandFailure(
                    .failed,
                    "\(file) exists already and is never written over; choose another name",
                    vi: "\(file) đã có; không ghi đè, hãy chọn tên khác")
            }
        }
        let (secret, recipient) = SealedFileKeys.text(try X25519PrivateKey.generate())
        try Files.writeNew(
            path,
            [UInt8](
                "# chot-collector backup-key \(Timestamp.now.rfc3339Seconds)\n# public key: \(recipient)\n\(secret)\n"
                    .utf8))
        try Files.writeAtomically(path + ".pub", recipient + "\n", mode: 0o644)
        say(
            "đã ghi \(path) (khóa riêng, mở được bản sao lưu: cất ngoài máy này, ít nhất hai bản) và \(path).pub (khóa công khai: backup FILE --recipient \(path).pub)",
            "wrote \(path) (the private key, which opens backups: keep it off this machine, in two places at least) and \(path).pub (the public key: backup FILE --recipient \(path).pub)"
        )
    }

    // MARK: restore

    /// Returns what opens the file; nil if no passphrase or key was named.
    func opener() throws -> SealedFile.Opener? {
        let (words, keys) = (command.option("passphrase-file"), command.option("identity"))
        guard words == nil || keys == nil else {
            throw CommandFailure(
                .usage, "restore: only one of --passphrase-file and --identity",
                vi: "restore: chỉ dùng một trong --passphrase-file và --identity")
        }
        if let words { return .passphrase([UInt8](try Self.passphrase(words).utf8)) }
        guard let keys else { return nil }
        _ = try FileGuard.check([GuardedPath(keys, .passphrase)], .badInput)
        guard let identities = SealedFileKeys.identities(try Files.readText(keys, bytesMax: 65_536))
        else {
            throw CommandFailure(
                .badInput,
                "\(keys) holds no private key (AGE-SECRET-KEY-1…) as chot-collector backup-key writes it",
                vi:
                    "\(keys) không có khóa riêng (AGE-SECRET-KEY-1…) do chot-collector backup-key tạo"
            )
        }
        return .identities(identities)
    }

    // MARK: files

    private static func passphrase(_ path: String) throws -> String {
        _ = try FileGuard.check([GuardedPath(path, .passphrase)], .badInput)
        return try PassphraseFile.read(path)
    }

    /// Reads a passphrase for sealing.
    static func newPassphrase(_ path: String, of what: Localized) throws -> String {
        _ = try FileGuard.check([GuardedPath(path, .passphrase)], .badInput)
        return try PassphraseFile.readNew(path, forWhat: what)
    }
}
