import CMicroHTTPD
import Glibc
import Synchronization

/// Who may hold a connection to a local server, how many, and how long a request may be on its way.
public struct HTTPConnectionLimits: Sendable {
    /// From the opening of a connection, or the end of its last answer, to the last byte of a request: headers and body
    /// together. Then it is cut.
    public var requestMilliseconds: Int64
    /// Of one user of the machine.
    public var perUser = 4
    /// Users without any limit but the time: root, and who runs this program.
    public var ownUsers: Set<UInt32> = [0, geteuid()]
    /// Of all users together for whom no place is kept.
    public var othersMax = 12
    /// Users who are never kept out by others. Asked on the server's thread, of a user once a second at most.
    public var isKept: @Sendable (PeerCredentials) -> Bool = { _ in true }

    public init(requestMilliseconds: Int64) { self.requestMilliseconds = requestMilliseconds }
}

/// The connections of a server, by those limits. libmicrohttpd tells of each before its socket is closed, so that a
/// number is never another's.
final class HTTPConnections: Sendable {
    private struct Entry {
        let descriptor: Int32
        let uid: UInt32?
        let isKept: Bool
        /// Since when its request is not whole; nil while it is answered.
        var waitsSince: Int64?
    }

    private static let keptMilliseconds: Int64 = 1000
    private static let keptMax = 256

    private let limits: HTTPConnectionLimits
    /// Who is kept a place, as it was asked last: a question to the user database is dear, a connection is not.
    private let kept = Mutex<[UInt32: (isKept: Bool, at: Int64)]>([:])
    private let entries = Mutex<[UInt: Entry]>([:])
    private let ending = Atomic<Bool>(false)
    private let wake = WakeEvent()
    private let watch = Mutex<RunningThread?>(nil)

    init(_ limits: HTTPConnectionLimits) { self.limits = limits }

    func start() {
        let thread = RunningThread(name: "http-deadline") { [self] in
            let pause = min(max(limits.requestMilliseconds / 4, 20), 1000)
            while !ending.load(ordering: .relaxed) {
                _ = wake.wait(milliseconds: pause)
                cutLate()
            }
        }
        watch.withLock { $0 = thread }
    }

    func stop() {
        ending.store(true, ordering: .relaxed)
        wake.signal()
        watch.withLock { $0.take() }?.join()
    }

    /// Cuts a connection that is one too many.
    func opened(_ connection: OpaquePointer) {
        let descriptor = chot_mhd_socket(connection)
        let peer = PeerCredentials(ofSocket: descriptor)
        // Over TCP nobody is known: there the time alone is held.
        let isOurs = peer.map { limits.ownUsers.contains($0.uid) } ?? true
        // Whoever has enough of them waits in the queue before everybody: sent away without a question.
        let own = entries.withLock { $0.values.count { $0.uid == peer?.uid } }
        let isKept = isOurs || own < limits.perUser && (peer.map(isKept) ?? false)
        let isTooMany = entries.withLock { entries in
            let others = entries.values.count { !$0.isKept }
            entries[UInt(bitPattern: connection)] = Entry(
                descriptor: descriptor, uid: peer?.uid, isKept: isKept,
                waitsSince: MonotonicClock.milliseconds())
            return !isOurs && (own >= limits.perUser || !isKept && others >= limits.othersMax)
        }
        if isTooMany { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func isKept(_ peer: PeerCredentials) -> Bool {
        let now = MonotonicClock.milliseconds()
        let known = kept.withLock { $0[peer.uid] }
        if let known, now - known.at < Self.keptMilliseconds { return known.isKept }
        let isKept = limits.isKept(peer)
        kept.withLock { kept in
            if kept.count >= Self.keptMax { kept.removeAll() }
            kept[peer.uid] = (isKept, now)
        }
        return isKept
    }

    func closed(_ connection: OpaquePointer) {
        entries.withLock { _ = $0.removeValue(forKey: UInt(bitPattern: connection)) }
    }

    /// All of a request is there.
    func isWhole(_ connection: OpaquePointer) { note(connection, nil) }

    func isAnswered(_ connection: OpaquePointer) {
        note(connection, MonotonicClock.milliseconds())
    }

    private func note(_ connection: OpaquePointer, _ time: Int64?) {
        entries.withLock { $0[UInt(bitPattern: connection)]?.waitsSince = time }
    }

    private func cutLate() {
        let before = MonotonicClock.milliseconds() - limits.requestMilliseconds
        // Under the lock: `closed` waits for it before the number can be another's.
        entries.withLock { entries in
            for entry in entries.values where entry.waitsSince.map({ $0 < before }) ?? false {
                shutdown(entry.descriptor, Int32(SHUT_RDWR))
            }
        }
    }
}

extension PeerCredentials {
    /// Of the other end of a unix socket; nil over TCP.
    init?(ofSocket descriptor: Int32) {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        // Of a TCP connection the kernel says yes too, with the impossible user -1.
        guard chot_peer(descriptor, &pid, &uid, &gid) == 1, uid != .max else { return nil }
        self.init(pid: pid, uid: uid, gid: gid)
    }
}
