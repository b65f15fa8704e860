import CMicroHTTPD
import Glibc
import Synchronization

/// Limits who may hold a connection to a local server, how many, and for how long a request may be on its way.
public struct HTTPConnectionLimits: Sendable {
    /// The time from the opening of a connection, or the end of its last answer, to the last byte of a request with
    /// its body. After it the connection is cut.
    public var requestMilliseconds: Int64
    /// The most connections of one user of the machine.
    public var perUser = 4
    /// Users whom only the time limits: root, and the user who runs this program.
    public var ownUsers: Set<UInt32> = [0, geteuid()]
    /// The most connections of all other users for whom no place is kept.
    public var othersMax = 12
    /// Tells which users others may never keep out. Called on the server's thread, at most once a second for a user.
    public var isKept: @Sendable (PeerCredentials) -> Bool = { _ in true }

    public init(requestMilliseconds: Int64) { self.requestMilliseconds = requestMilliseconds }
}

/// Applies these limits to the connections of a server. libmicrohttpd reports each before its socket is closed, so a
/// descriptor is never another connection's.
final class HTTPConnections: Sendable {
    private struct Entry {
        let descriptor: Int32
        let uid: UInt32?
        let isKept: Bool
        /// Since when its request has been incomplete; nil while it is answered.
        var waitsSince: Int64?
    }

    private static let keptMilliseconds: Int64 = 1000
    private static let keptMax = 256

    private let limits: HTTPConnectionLimits
    /// The last answer about each user's place: a question to the user database is expensive, and a connection is not.
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

    /// Takes a new connection, or cuts it when it is one too many.
    func opened(_ connection: OpaquePointer) {
        let descriptor = chot_mhd_socket(connection)
        let peer = PeerCredentials(ofSocket: descriptor)
        // Over TCP no user is known, so only the time is limited.
        let isOurs = peer.map { limits.ownUsers.contains($0.uid) } ?? true
        // A user who has `perUser` connections gets no kept place for more, so the database is not asked.
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

    /// Notes that a request has arrived completely.
    func isWhole(_ connection: OpaquePointer) { note(connection, nil) }

    func isAnswered(_ connection: OpaquePointer) {
        note(connection, MonotonicClock.milliseconds())
    }

    private func note(_ connection: OpaquePointer, _ time: Int64?) {
        entries.withLock { $0[UInt(bitPattern: connection)]?.waitsSince = time }
    }

    private func cutLate() {
        let before = MonotonicClock.milliseconds() - limits.requestMilliseconds
        // This runs under the lock: `closed` waits for it before the descriptor can be another's.
        entries.withLock { entries in
            for entry in entries.values where entry.waitsSince.map({ $0 < before }) ?? false {
                shutdown(entry.descriptor, Int32(SHUT_RDWR))
            }
        }
    }
}

extension PeerCredentials {
    /// The other end of a unix socket; nil over TCP.
    init?(ofSocket descriptor: Int32) {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        // For a TCP connection the kernel answers too, with the impossible user -1.
        guard chot_peer(descriptor, &pid, &uid, &gid) == 1, uid != .max else { return nil }
        self.init(pid: pid, uid: uid, gid: gid)
    }
}
