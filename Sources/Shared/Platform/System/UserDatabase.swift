import Glibc

/// Users and groups of this machine, asked in memory of the caller's own: the forms of C that answer in
/// one place for the whole process would give a thread the answer of another. What cannot be asked, and
/// what is not there, is nil: nobody is given a right by it.
public enum UserDatabase {
    public struct User: Sendable, Equatable {
        public let uid: uid_t
        public let name: String
        /// His first group.
        public let gid: gid_t
    }

    /// An entry longer than this is taken for none.
    static let entryBytesMax = 1 << 20
    /// Groups of one user; with more he is taken to be in none.
    static let groupsMax: Int32 = 65_536

    public static func user(_ uid: uid_t) -> User? {
        entry { buffer, size in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let failure = getpwuid_r(uid, &entry, buffer, size, &found)
            guard failure == 0, found != nil, let name = entry.pw_name else {
                return (failure, nil)
            }
            // A database that answers for another than was asked for is not believed.
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

    /// Every group that a user is in by the database of now, the first one included.
    public static func groups(of user: User) -> Set<gid_t> {
        var count: Int32 = 64
        while count <= groupsMax {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if getgrouplist(user.name, user.gid, &groups, &count) >= 0 {
                return Set(groups.prefix(max(0, min(Int(count), groups.count))))
            }
            // It tells how many there are; more may come until it is asked again.
            count = max(count, room) * 2
        }
        return []
    }

    /// Asks with ever more room, as far as `entryBytesMax`.
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
