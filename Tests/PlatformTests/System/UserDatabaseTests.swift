import Glibc
import Platform
import Synchronization
import Testing

@Suite("Users and groups of the machine")
struct UserDatabaseTests {
    @Test("root is root, who is not there is nobody, and an unknown group is none")
    func known() throws {
        let root = try #require(UserDatabase.user(0))
        #expect(root.name == "root")
        #expect(root.gid == 0)
        #expect(UserDatabase.groups(of: root).contains(0))
        #expect(UserDatabase.group(named: "root") == 0)
        #expect(UserDatabase.groupName(0) == "root")
        #expect(UserDatabase.user(4_000_000_001) == nil)
        #expect(UserDatabase.group(named: "chot-no-such-group") == nil)
        #expect(UserDatabase.group(named: "") == nil)
        #expect(UserDatabase.groupName(4_000_000_001) == nil)
    }

    private final class Wrong: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test("eight threads that ask for two users and two groups never get each other's answer")
    func threads() throws {
        let daemon = try #require(UserDatabase.user(1))
        let wrong = Wrong()
        let threads = (0..<8).map { number in
            RunningThread(name: "users") {
                let isRoot = number % 2 == 0
                for _ in 0..<2_000 {
                    let user = UserDatabase.user(isRoot ? 0 : 1)
                    let gid = UserDatabase.group(named: isRoot ? "root" : daemon.name)
                    if user?.name != (isRoot ? "root" : daemon.name)
                        || gid != (isRoot ? 0 : daemon.gid)
                    {
                        wrong.count.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.count.load(ordering: .relaxed) == 0)
    }

    @Test("an error number is told in words, one of nobody with its number")
    func errors() {
        #expect(textOfError(ENOENT) == "No such file or directory")
        #expect(textOfError(123_456).contains("123456"))
    }
}
