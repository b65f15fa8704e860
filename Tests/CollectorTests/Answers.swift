import Platform
import Synchronization

/// What each of several was answered.
final class Answers: Sendable {
    private let all = Mutex<[String: Int]>([:])
    var statuses: [String: Int] { all.withLock { $0 } }
    func note(_ who: String, _ reply: HTTPReply) { all.withLock { $0[who] = reply.status } }
}
