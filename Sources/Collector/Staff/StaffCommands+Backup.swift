import CollectorBackups
import CollectorValues
import Domain
import Glibc
import Platform
import Synchronization
import Wire

extension StaffCommands {
    /// One backup runs at a time, since two could share an unfinished file.
    private static let oneBackup = Mutex<Void>(())

    /// `backup FILE`: written by the collector's own user while it runs. Within the state folder only `backups/` is
    /// allowed, so that no command puts a file where the collector reads its own. The keys are sent in `files`.
    package func backup(_ request: AdminRequest) throws -> AdminAnswer {
        let given = try argument(request, 0, "a file")
        guard given.hasPrefix("/"), !given.contains("/../"), given.utf8.count <= 1024 else {
            throw CommandFailure(
                .usage, "backup \(shown(given)): a whole path is needed",
                vi: "backup \(shown(given)): cần đường dẫn đầy đủ")
        }
        let state = desk.config.state
        let seal = try BackupSeal(request)
        let path = try allowedPlace(of: given)
        let now = Timestamp.now
        desk.audit.sign()
        let digest: [UInt8]
        do {
            digest = try Self.oneBackup.withLock { _ in
                // SQLite would name neither the file nor what is missing.
                if !Files.exists(path) { try Files.checkNew(path) }
                return try Backup(state: state).write(to: path, sealed: seal.lock, at: now)
            }
        } catch let error as FileError {
            throw CommandFailure(
                .failed,
                "\(error) (for the collector's user); \(state)/backups/ always works",
                vi:
                    "\(error.vietnamese) (người dùng của máy chủ không ghi được); hãy dùng \(state)/backups/"
            )
        }
        let hash = Digest.hex(digest)
        try desk.store.write {
            try $0.audit(who, "backup", path, "\(seal.note), sha256 \(hash)", at: now)
        }
        let size = Files.size(path)
        let line =
            seal.lock == nil
            ? Localized(
                vi:
                    "đã sao lưu vào \(path) (\(size) byte, sha256 \(hash)), KHÔNG niêm phong. Tệp chứa khóa ký và dữ liệu cá nhân: cất giữ như thư mục trạng thái; \(state)/root không có trong đó",
                en:
                    "backed up to \(path) (\(size) bytes, sha256 \(hash)), NOT sealed. It holds the signing key and personal data: keep it as you keep the state folder; \(state)/root is not in it"
            )
            : Localized(
                vi:
                    "đã sao lưu và niêm phong vào \(path) (\(size) byte, sha256 \(hash)). Cất giữ riêng với mật khẩu hoặc khóa riêng để mở; \(state)/root không có trong đó",
                en:
                    "backed up and sealed to \(path) (\(size) bytes, sha256 \(hash)). Keep it apart from the passphrase or private key that opens it; \(state)/root is not in it"
            )
        return AdminAnswer(text: line[request.language])
    }

    /// Checks where the file would be written, with links resolved, since a name alone does not say where it leads.
    private func allowedPlace(of given: String) throws -> String {
        let state = desk.config.state
        if given.hasPrefix(state + "/backups/") { try Files.makeFolder("\(state)/backups") }
        let folder = Files.folder(of: given)
        guard let real = Files.realPath(folder), let realState = Files.realPath(state) else {
            throw CommandFailure(
                .noFile,
                "backup \(shown(given)): the folder \(shown(folder)) does not exist, or the collector's user may not see it; \(state)/backups/ always works",
                vi:
                    "backup \(shown(given)): không có thư mục \(shown(folder)), hoặc người dùng của máy chủ không vào được; hãy dùng \(state)/backups/"
            )
        }
        func isInside(_ place: String) -> Bool { real == place || real.hasPrefix(place + "/") }
        guard !isInside(realState) || isInside(realState + "/backups") else {
            throw CommandFailure(
                .usage,
                "backup \(shown(given)): inside \(state) only \(state)/backups/ may be used",
                vi: "backup \(shown(given)): trong \(state) chỉ dùng được \(state)/backups/")
        }
        let name = given.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return (real == "/" ? "" : real) + "/" + name
    }
}
