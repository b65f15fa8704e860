import Glibc
import Testing

@testable import Platform

@Suite("FileGuard: what others may do with keys, state and settings") struct FileGuardTests {
    enum Verdict { case fine, said, refused }

    private static let me = FileGuard.Account(uid: 700, groups: [700, 701])

    private func verdict(
        _ kind: GuardedPath.Kind, _ mode: mode_t, gid: gid_t = 700, uid: uid_t = 700
    ) -> Verdict {
        let finding = FileGuard.judge(
            GuardedPath("/x", kind), .init(mode: mode, uid: uid, gid: gid), Self.me)
        return finding.map { $0.isRefused ? .refused : .said } ?? .fine
    }

    /// Of our group, of root's, of another.
    private typealias Row = (GuardedPath.Kind, mode_t, Verdict, Verdict, Verdict)
    private static let rows: [Row] = [
        // kind, mode, of our group, of root's, of another
        (.secretKey, 0o600, .fine, .fine, .fine),
        (.secretKey, 0o400, .fine, .fine, .fine),
        // As LoadCredential= makes it where the file system has access lists.
        (.secretKey, 0o440, .said, .fine, .said),
        (.secretKey, 0o640, .said, .fine, .said),
        (.secretKey, 0o660, .said, .fine, .refused),
        (.secretKey, 0o604, .said, .said, .said),
        (.secretKey, 0o644, .said, .said, .said),
        (.secretKey, 0o602, .refused, .refused, .refused),
        (.secretKey, 0o601, .fine, .fine, .fine),
        (.passphrase, 0o600, .fine, .fine, .fine),
        (.passphrase, 0o640, .refused, .refused, .refused),
        (.passphrase, 0o604, .refused, .refused, .refused),
        (.token, 0o644, .said, .said, .said),
        (.token, 0o666, .refused, .refused, .refused),
        (.records, 0o600, .fine, .fine, .fine),
        (.records, 0o640, .fine, .fine, .said),
        (.records, 0o644, .said, .said, .said),
        (.records, 0o660, .said, .fine, .refused),
        (.records, 0o606, .refused, .refused, .refused),
        (.folder, 0o700, .fine, .fine, .fine),
        (.folder, 0o711, .fine, .fine, .fine),
        (.folder, 0o755, .said, .said, .said),
        (.folder, 0o770, .said, .fine, .refused),
        (.folder, 0o1777, .refused, .refused, .refused),
        (.settings, 0o644, .fine, .fine, .fine),
        (.settings, 0o640, .fine, .fine, .fine),
        (.settings, 0o664, .fine, .fine, .refused),
        (.settings, 0o646, .refused, .refused, .refused),
        (.publicKey, 0o644, .fine, .fine, .fine),
        (.publicKey, 0o664, .refused, .refused, .refused),
        (.socketFolder, 0o755, .fine, .fine, .fine),
        (.socketFolder, 0o775, .fine, .fine, .refused),
        (.socketFolder, 0o777, .refused, .refused, .refused),
        (.socketFolder, 0o1777, .fine, .fine, .fine),
        (.above, 0o775, .fine, .fine, .fine),
        (.above, 0o777, .refused, .refused, .refused),
        (.above, 0o1777, .fine, .fine, .fine),
    ]

    @Test("by its mode and its group: ours, root's, another's") func table() {
        for (kind, mode, own, roots, foreign) in Self.rows {
            let row = "\(kind) \(String(mode, radix: 8))"
            #expect(verdict(kind, mode, gid: 701) == own, "\(row)")
            #expect(verdict(kind, mode, gid: 0) == roots, "\(row)")
            #expect(verdict(kind, mode, gid: 999) == foreign, "\(row)")
        }
    }

    @Test("what belongs to somebody else is said; root's is fine, and to root all is")
    func owners() {
        #expect(verdict(.secretKey, 0o600, uid: 800) == .said)
        #expect(verdict(.secretKey, 0o600, uid: 0) == .fine)
        let root = FileGuard.Account(uid: 0, groups: [0])
        let key = GuardedPath("/x", .secretKey)
        #expect(FileGuard.judge(key, .init(mode: 0o600, uid: 800, gid: 800), root) == nil)
        #expect(
            FileGuard.judge(key, .init(mode: 0o602, uid: 800, gid: 800), root)?.isRefused == true)
    }

    @Test("both languages name the path, who may do what, the mode and the way out") func words() {
        let found = FileGuard.judge(
            GuardedPath("/s/sign.key", .secretKey), .init(mode: 0o666, uid: 700, gid: 700),
            Self.me)
        #expect(
            found?.en
                == "/s/sign.key: others may read or change it (mode 666); chmod g-rw,o-rw /s/sign.key"
        )
        #expect(
            found?.vi
                == "/s/sign.key: người khác đọc hoặc sửa được (quyền 666); chmod g-rw,o-rw /s/sign.key"
        )
    }

    @Test("real files: keys in a state folder, links, folders above") func files() throws {
        let folder = try TemporaryFolder()
        let state = folder.file("state")
        try Files.makeFolder(state)
        try Files.writeAtomically("\(state)/sign.key", "k", mode: 0o646)
        try Files.writeAtomically("\(state)/keys.jws", "k", mode: 0o644)
        try Files.writeAtomically("\(state)/a.db", "k")
        let paths = GuardedPath.state(state, open: ["keys.jws"])
        #expect(paths.count == 4)
        #expect(FileGuard.findings(paths).map(\.path) == ["\(state)/sign.key"])
        #expect(throws: CommandFailure.self) { try FileGuard.check(paths) }
        chmod("\(state)/sign.key", 0o600)
        #expect(FileGuard.findings(paths).isEmpty)
        // Whoever writes above it exchanges the folder.
        let above = Files.folder(of: state)
        var status = stat()
        stat(above, &status)
        chmod(above, 0o777)
        #expect(FileGuard.findings(paths).contains { $0.path == above && $0.isRefused })
        chmod(above, 0o1777)
        #expect(FileGuard.findings(paths).isEmpty)
        chmod(above, status.st_mode & 0o7777)
        // A link to no file is no key; one to a file is read as it, and judged as it.
        symlink("/dev/null", "\(state)/b.key")
        #expect(GuardedPath.state(state).count == 4)
        try Files.writeAtomically(folder.file("elsewhere"), "k", mode: 0o666)
        symlink(folder.file("elsewhere"), "\(state)/c.key")
        #expect(
            FileGuard.findings(GuardedPath.state(state)).contains {
                $0.path == "\(state)/c.key" && $0.isRefused
            })
        #expect(FileGuard.findings([GuardedPath("\(state)/none", .secretKey)]).isEmpty)
    }
}
