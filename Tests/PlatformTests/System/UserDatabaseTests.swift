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

    @Test("eight threads that ask for two users and two groups never get each other's answer")
    func threads() async throws {
        let daemon = try #require(UserDatabase.user(1))
        let wrong = Mutex(0)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await withCheckedContinuation { done in
                        DetachedThread.run {
                            for _ in 0..<2_000 {
                                let isRoot = number % 2 == 0
                                let user = UserDatabase.user(isRoot ? 0 : 1)
                                let gid = UserDatabase.group(named: isRoot ? "root" : daemon.name)
                                if user?.name != (isRoot ? "root" : daemon.name)
                                    || gid != (isRoot ? 0 : daemon.gid)
                                {
                                    wrong.withLock { $0 += 1 }
                                }
                            }
                            done.resume()
                        }
                    }
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test("an error number is told in words, one of nobody with its number")
    func errors() {
        #expect(textOfError(ENOENT) == "No such file or directory")
        #expect(textOfError(123_456).contains("123456"))
    }
}
