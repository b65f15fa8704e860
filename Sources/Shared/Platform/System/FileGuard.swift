import Glibc

/// Checks, at the start of a program, whether others may read its keys or write what it believes.
public enum FileGuard {
    /// The user and groups of a process.
    public struct Account: Sendable {
        public let uid: uid_t
        public let groups: Set<gid_t>

        public init(uid: uid_t, groups: Set<gid_t>) {
            self.uid = uid
            self.groups = groups
        }

        public static var current: Account {
            var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
            let count = getgroups(Int32(groups.count), &groups)
            return Account(
                uid: geteuid(), groups: Set(groups.prefix(max(0, Int(count))) + [getegid()]))
        }
    }

    /// The owner and mode of a path.
    struct Standing: Sendable, Equatable {
        var mode: mode_t
        var uid: uid_t
        var gid: gid_t

        /// Nil when nothing is there, or this user may not look.
        static func of(_ path: String) -> Standing? {
            var status = Glibc.stat()
            guard stat(path, &status) == 0 else { return nil }
            return Standing(
                mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid)
        }
    }

    /// What others may do and should not, in both languages.
    public struct Finding: Sendable, Equatable {
        public let path: String
        /// Whether the program must not start.
        public let isRefused: Bool
        public let en: String
        public let vi: String
    }

    /// At most one finding for each path, refusals first. The folders above the paths are checked, too.
    public static func findings(_ paths: [GuardedPath], as me: Account = .current) -> [Finding] {
        var seen: Set<String> = []
        var found: [Finding] = []
        for guarded in paths + paths.flatMap({ above($0.path) }) {
            guard seen.insert(guarded.path).inserted, let standing = Standing.of(guarded.path)
            else { continue }
            if let finding = judge(guarded, standing, me) { found.append(finding) }
        }
        return found.filter(\.isRefused) + found.filter { !$0.isRefused }
    }

    /// The findings to report. Throws a failure that names everything refused, with the way out.
    public static func check(_ paths: [GuardedPath], _ code: ExitCode = .badConfig)
        throws(CommandFailure) -> [Finding]
    {
        let found = findings(paths)
        let refused = found.filter(\.isRefused)
        guard refused.isEmpty else {
            throw CommandFailure(
                code, refused.map(\.en).joined(separator: "\n"),
                vi: refused.map(\.vi).joined(separator: "\n"))
        }
        return found
    }

    static func judge(_ guarded: GuardedPath, _ standing: Standing, _ me: Account) -> Finding? {
        let rule = GuardRule.of(guarded.kind)
        if rule.passesSticky, standing.mode & mode_t(S_ISVTX) != 0 { return nil }
        let isRoots = standing.gid == 0 && !rule.isStrict
        let group: GuardRule.Bits =
            isRoots ? (0, 0) : me.groups.contains(standing.gid) ? rule.own : rule.foreign
        let (groupMay, othersMay) = (standing.mode >> 3 & 7, standing.mode & 7)
        let refused = (group: groupMay & group.refused, others: othersMay & rule.others.refused)
        let said = (group: groupMay & group.said, others: othersMay & rule.others.said)
        if refused.group | refused.others != 0 {
            let all = (group: refused.group | said.group, others: refused.others | said.others)
            // A finding names what is refused and what else the same group, or all others, may do.
            let may = (
                group: refused.group == 0 ? 0 : all.group,
                others: refused.others == 0 ? 0 : all.others
            )
            return finding(guarded.path, standing, may, isRefused: true, without: all)
        }
        if said.group | said.others != 0 {
            return finding(guarded.path, standing, said, isRefused: false, without: said)
        }
        if rule.saysOwner, me.uid != 0, standing.uid != 0, standing.uid != me.uid {
            let owner = UserDatabase.user(standing.uid)?.name ?? "uid \(standing.uid)"
            return Finding(
                path: guarded.path, isRefused: false,
                en: "\(guarded.path): it belongs to \(owner), who may change it; chown it",
                vi: "\(guarded.path): thuộc về \(owner), người này sửa được; hãy chown lại")
        }
        return nil
    }

    private static func finding(
        _ path: String, _ standing: Standing, _ may: (group: mode_t, others: mode_t),
        isRefused: Bool, without: (group: mode_t, others: mode_t)
    ) -> Finding {
        let mode = String(standing.mode, radix: 8)
        let remedy = "chmod \(change("g", without.group, "o", without.others)) \(path)"
        let name = UserDatabase.groupName(standing.gid) ?? "gid \(standing.gid)"
        let bits = may.group | may.others
        let who =
            may.others != 0
            ? (en: "others may", vi: "người khác")
            : (en: "members of group \(name) may", vi: "thành viên nhóm \(name)")
        let what =
            switch bits {
            case 6: (en: "read or change it", vi: "đọc hoặc sửa được")
            case 2: (en: "change it", vi: "sửa được")
            default: (en: "read it", vi: "đọc được")
            }
        return Finding(
            path: path, isRefused: isRefused,
            en: "\(path): \(who.en) \(what.en) (mode \(mode)); \(remedy)",
            vi: "\(path): \(who.vi) \(what.vi) (quyền \(mode)); \(remedy)")
    }

    /// The change for `chmod`, such as `g-w,o-rw`.
    private static func change(
        _ group: String, _ groupBits: mode_t, _ others: String, _ othersBits: mode_t
    ) -> String {
        func part(_ who: String, _ bits: mode_t) -> String? {
            let letters = (bits & 4 != 0 ? "r" : "") + (bits & 2 != 0 ? "w" : "")
            return letters.isEmpty ? nil : "\(who)-\(letters)"
        }
        return [part(group, groupBits), part(others, othersBits)].compactMap { $0 }
            .joined(separator: ",")
    }

    /// The folders above a path, both as it is written and as its links lead.
    private static func above(_ path: String) -> [GuardedPath] {
        [path, Files.realPath(path) ?? path].flatMap { start in
            var folders: [GuardedPath] = []
            var folder = start
            while folder.hasPrefix("/"), folder != "/" {
                folder = Files.folder(of: folder)
                folders.append(GuardedPath(folder, .above))
            }
            return folders
        }
    }
}
