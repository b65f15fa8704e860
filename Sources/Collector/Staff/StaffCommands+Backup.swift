import Domain
import Glibc
import Platform
import Synchronization
import Wire

extension StaffCommands {
    /// Two at a time could share an unfinished file.
    private static let oneBackup = Mutex<Void>(())

    /// `backup FILE`: written by the collector's own user, while it runs. Inside the state folder only below `backups/`, so
    /// that no command puts a file where the collector reads its own.
    func backup(_ request: AdminRequest) throws -> AdminAnswer {
        let path = try argument(request, 0, "a file")
        guard path.hasPrefix("/"), !path.contains("/../"), path.utf8.count <= 1024 else {
            throw CommandFailure(
                .usage, "backup \(shown(path)): a whole path is needed",
                vi: "backup \(shown(path)): cần đường dẫn đầy đủ")
        }
        let state = server.config.state
        if path.hasPrefix(state + "/"), !path.hasPrefix(state + "/backups/") {
            throw CommandFailure(
                .usage, "backup \(shown(path)): inside \(state) only \(state)/backups/ may be used",
                vi: "backup \(shown(path)): trong \(state) chỉ dùng được \(state)/backups/")
        }
        if path.hasPrefix(state + "/backups/") { try Files.makeFolder("\(state)/backups") }
        if let folder = Files.missingFolder(of: path) {
            throw CommandFailure(
                .noFile,
                "backup \(shown(path)): the folder \(shown(folder)) does not exist, or the collector's user may not see it; \(state)/backups/ always works",
                vi:
                    "backup \(shown(path)): không có thư mục \(shown(folder)), hoặc người dùng của máy chủ không vào được; hãy dùng \(state)/backups/"
            )
        }
        let now = Timestamp.now
        do {
            try Self.oneBackup.withLock { _ in
                // SQLite would name neither the file nor what is missing.
                if !Files.exists(path) { try Files.checkNew(path) }
                try Backup(state: state).write(to: path, at: now)
            }
        } catch let error as FileError {
            throw CommandFailure(
                .failed,
                "\(error) (for the collector's user); \(state)/backups/ always works",
                vi:
                    "\(error.vietnamese) (người dùng của máy chủ không ghi được); hãy dùng \(state)/backups/"
            )
        }
        try server.store.write { try $0.audit(who, "backup", path, "", at: now) }
        let line = Localized(
            vi:
                "đã sao lưu vào \(path) (\(Files.size(path)) byte). Tệp chứa khóa ký và dữ liệu cá nhân: cất giữ như thư mục trạng thái; \(state)/root không có trong đó",
            en:
                "backed up to \(path) (\(Files.size(path)) bytes). It holds the signing key and personal data: keep it as you keep the state folder; \(state)/root is not in it"
        )
        return AdminAnswer(text: line[request.language])
    }
}
