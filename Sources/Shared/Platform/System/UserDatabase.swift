import Glibc

/// Users and groups of this machine. Each call has memory of its own: the C functions that answer in one place for
/// the whole process could give a thread the answer of another. What cannot be asked and what does not exist are both
/// nil, so that neither gives anybody a right.
public enum UserDatabase {
    public struct User: Sendable, Equatable {
        public let uid: uid_t
        public let name: String
        /// The user's primary group.
        public let gid: gid_t
    }

    /// A longer entry counts as absent.
    static let entryBytesMax = 1 << 20
    /// The most groups of one user; with more, the user counts as being in none.
    static let groupsMax: Int32 = 65_536

    /// The user of a number; nil when there is none or the database cannot be asked.
    public static func user(_ uid: uid_t) -> User? {
        entry { buffer, size in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let failure = getpwuid_r(uid, &entry, buffer, size, &found)
            guard failure == 0, found != nil, let name = entry.pw_name else {
                return (failure, nil)
            }
            // An answer about another user than was asked for is not believed.
            guard entry.pw_uid == uid else { return (0, nil) }
            return (0, User(uid: uid, name: String(cString: name), gid: entry.pw_gid))
        }
    }

    public static func group(named name: String) -> gid_t? {
        entry { buffer, size in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let failure = getgrnam_r(name, &entry, buffer, size, &found)
            guard failure == 0, found != nil, let answered = entry.gr_name else {
                return (failure, nil)
            }
            guard String(cString: answered) == name else { return (0, nil) }
            return (0, entry.gr_gid)
        }
    }

    public static func groupName(_ gid: gid_t) -> String? {
        entry { buffer, size in
            var entry = Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let failure = getgrgid_r(gid, &entry, buffer, size, &found)
            guard failure == 0, found != nil, let name = entry.gr_name else {
                return (failure, nil)
            }
            return (0, String(cString: name))
        }
    }

    /// Every group that the database now lists for a user, the primary one included.
    public static func groups(of user: User) -> Set<gid_t> {
        var count: Int32 = 64
        while count <= groupsMax {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(user.name, user.gid, &groups, &count) >= 0 {
                return Set(groups.prefix(max(0, min(Int(count), groups.count))))
            }
            // The call tells how many there are; there may be more when it is asked again.
            count = max(count, room) * 2
        }
        return []
    }

    /// Asks with more and more room, up to `entryBytesMax`.
    private static func entry<T>(
        _ ask: (UnsafeMutablePointer<CChar>, Int) -> (failure: Int32, found: T?)
    ) -> T? {
        var size = 1024
        while size <= entryBytesMax {
            let (failure, found) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) {
                $0.baseAddress.map { ask($0, size) } ?? (ENOMEM, nil)
            }
            switch failure {
            case 0: return found
            case ERANGE: size *= 4
            case EINTR: continue
            default: return nil
            }
        }
        return nil
    }
}
