import CMicroHTTPD
import Glibc
import Synchronization

public struct HTTPServerOptions: Sendable {
    /// The most bytes of a request's body; a larger one is answered with `tooLarge`.
    public var bodyBytesMax = 1 << 20
    public var tooLarge = HTTPReply.empty(413)
    /// The most bytes of all bodies held at once, from their first byte to the answer; a body beyond this is answered
    /// with 503 before it is read.
    public var bodiesBytesMax = 64 << 20
    public var connectionsMax = 4096
    public var threads = 1
    /// The memory of a connection in bytes, which bounds its header lines.
    public var connectionMemoryBytes = 16 << 10
    public var idleSeconds: UInt32 = 75
    public var unixMode: mode_t = 0o660
    /// Nil when whoever connects is trusted to send what it begins, as nginx is.
    public var connectionLimits: HTTPConnectionLimits?

    public init() {}
}

/// An HTTP/1.1 server over libmicrohttpd, only for local sockets behind nginx (docs/decisions). The handler runs on
/// the server's own thread and must not block; what takes time is answered later.
///
/// `@unchecked Sendable`: the daemon pointer is constant until `stop`, which is called once; libmicrohttpd
/// locks its own state.
public final class HTTPServer: @unchecked Sendable {
    public typealias Handler = @Sendable (borrowing HTTPRequest) -> HTTPOutcome
    /// Sees a request that brings a body before any of the body is kept; an answer refuses it. The body is then read
    /// and thrown away (up to `bodyBytesMax`): a client still sending when the connection ends may lose the answer.
    public typealias Doorkeeper = @Sendable (borrowing HTTPRequest) -> HTTPReply?

    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    public let address: ListenAddress
    private var daemon: OpaquePointer?
    fileprivate let handler: Handler
    fileprivate let doorkeeper: Doorkeeper?
    fileprivate let options: HTTPServerOptions
    fileprivate let pendings = Mutex<[ObjectIdentifier: HTTPPending]>([:])
    /// Connections that were suspended and that the server's thread has not seen again.
    fileprivate let suspended = Atomic<Int>(0)
    fileprivate let stopping = Atomic<Bool>(false)
    fileprivate let bodyBytes = Atomic<Int>(0)
    fileprivate let connections: HTTPConnections?

    public init(
        listen address: ListenAddress, options: HTTPServerOptions = .init(),
        doorkeeper: Doorkeeper? = nil, handler: @escaping Handler
    ) throws(FileError) {
        let descriptor = try address.listen(backlog: 4096, unixMode: options.unixMode)
        self.address = address.resolved(of: descriptor)
        self.options = options
        self.handler = handler
        self.doorkeeper = doorkeeper
        connections = options.connectionLimits.map { HTTPConnections($0) }
        daemon = chot_mhd_start(
            handleAccess, handleCompleted, connections == nil ? nil : handleConnection,
            Unmanaged.passUnretained(self).toOpaque(), descriptor,
            UInt32(options.connectionsMax), options.connectionMemoryBytes, options.idleSeconds,
            UInt32(options.threads))
        guard daemon != nil else {
            close(descriptor)
            throw FileError(
                path: address.description, action: .startServer, errno: errno)
        }
        connections?.start()
    }

    /// The bytes of bodies held now.
    public var heldBodyBytes: Int { bodyBytes.load(ordering: .relaxed) }

    fileprivate func reserve(_ bytes: Int) -> Bool {
        let after = bodyBytes.add(bytes, ordering: .relaxed).newValue
        if after <= options.bodiesBytesMax { return true }
        bodyBytes.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Refuses new connections, answers waiting ones with 503, then stops. Call it once.
    public func stop() {
        guard let running = daemon else { return }
        stopping.store(true, ordering: .sequentiallyConsistent)
        connections?.stop()
        let listening = MHD_quiesce_daemon(running)
        for pending in pendings.withLock({ Array($0.values) }) { pending.complete(.busy) }
        // Stopping libmicrohttpd with a suspended connection aborts the process.
        var tries = 0
        while suspended.load(ordering: .sequentiallyConsistent) > 0, tries < 500 {
            poll(nil, 0, 10)
            tries += 1
            for pending in pendings.withLock({ Array($0.values) }) { pending.complete(.busy) }
        }
        if suspended.load(ordering: .sequentiallyConsistent) == 0 {
            MHD_stop_daemon(running)
        } else {
            // The daemon lives on and calls back with a pointer to this object, so the object is kept.
            _ = Unmanaged.passRetained(self)
        }
        daemon = nil
        // While the socket is open a successor refuses to start, so the removed name is surely ours.
        if case .unix(let path) = address { unlink(path) }
        if listening >= 0 { close(listening) }
    }
}

/// A request, valid only while its handler runs.
public struct HTTPRequest: ~Copyable {
    fileprivate let connection: OpaquePointer
    fileprivate let slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    fileprivate let server: HTTPServer
    fileprivate let methodText: UnsafePointer<CChar>
    fileprivate let pathText: UnsafePointer<CChar>

    public var method: String { String(cString: methodText) }
    public var path: String { String(cString: pathText) }

    public var body: [UInt8] { RequestState.known(slot)?.body ?? [] }

    /// Keeps an object of the doorkeeper's until the request ends, or is refused after all.
    public func hold(_ what: any AnyObject & Sendable) { RequestState.made(slot).held = what }
    public var held: (any AnyObject & Sendable)? { RequestState.known(slot)?.held }

    public func header(_ name: String) -> String? {
        chot_mhd_header(connection, name, name.utf8.count).map { String(cString: $0) }
    }
    /// A header as it came, without a copy, for the hot path; nil when it is absent or no UTF-8.
    public func text(ofHeader name: StaticString) -> String? {
        value(name).flatMap { String(validatingCString: $0) }
    }
    /// Whether a header is there and no UTF-8: others may read in it what we cannot.
    public func isUnreadable(header name: StaticString) -> Bool {
        value(name).map { String(validatingCString: $0) == nil } ?? false
    }
    /// The first of `names` that is there more than once: the next reader may take the other value.
    public func repeatedHeader(among names: HTTPHeaderNames) -> String? {
        var count = HTTPHeaderCount(names)
        withUnsafeMutablePointer(to: &count) {
            _ = MHD_get_connection_values(connection, .HEADER_KIND, countHeader, $0)
        }
        return count.again.map { names.names[$0] }
    }
    private func value(_ name: StaticString) -> UnsafePointer<CChar>? {
        chot_mhd_header(
            connection, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
            name.utf8CodeUnitCount)
    }
    public func query(_ name: String) -> String? {
        chot_mhd_argument(connection, name).map { String(cString: $0) }
    }
    /// The process at the other end; nil over TCP.
    public var peer: PeerCredentials? {
        PeerCredentials(ofSocket: chot_mhd_socket(connection))
    }

    /// Puts the answer off; the handler then returns `.later`.
    public func suspend() -> HTTPPending {
        let pending = HTTPPending(connection, server)
        RequestState.made(slot).pending = pending
        server.suspended.add(1, ordering: .sequentiallyConsistent)
        MHD_suspend_connection(connection)
        server.pendings.withLock { $0[ObjectIdentifier(pending)] = pending }
        if server.stopping.load(ordering: .sequentiallyConsistent) { pending.complete(.busy) }
        return pending
    }
}

/// An answer that comes later. Any thread may call `complete`; only the first call counts.
///
/// `@unchecked Sendable`: the connection pointer stays valid while suspended, and only the call that wins
/// `reply` resumes it.
public final class HTTPPending: @unchecked Sendable {
    private let connection: OpaquePointer
    private let server: HTTPServer
    fileprivate enum Answer {
        case reply(HTTPReply)
        case prepared(HTTPPreparedReply)
    }
    fileprivate let answer = Mutex<Answer?>(nil)

    fileprivate init(_ connection: OpaquePointer, _ server: HTTPServer) {
        self.connection = connection
        self.server = server
    }

    public func complete(_ reply: HTTPReply) { settle(.reply(reply)) }

    /// Answers with a reply that is made once for many.
    public func complete(_ reply: HTTPPreparedReply) { settle(.prepared(reply)) }

    private func settle(_ final: Answer) {
        let first = answer.withLock { answer in
            guard answer == nil else { return false }
            answer = final
            return true
        }
        guard first else { return }
        server.pendings.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(self)) }
        MHD_resume_connection(connection)
    }
}

/// What is kept from the first call of a request to its end, for requests that have a body or wait. Only the server's
/// thread touches it.
private final class RequestState {
    var body: [UInt8] = []
    /// The bytes that this request has reserved of those the server may hold.
    var reserved = 0
    /// Why the body is refused, known before all of it arrived.
    var refusal: HTTPReply? { didSet { if refusal != nil { held = nil } } }
    var held: (any AnyObject & Sendable)?
    var pending: HTTPPending?

    /// After a body of this size or more (a registry, not a push) memory is given back to the system.
    static let largeBytes = 5 << 20
    typealias Slot = UnsafeMutablePointer<UnsafeMutableRawPointer?>

    private final class Mark: Sendable {}
    private static let mark = Mark()
    /// Stands in the slot of a request that was seen once and needs no state yet.
    static var seen: UnsafeMutableRawPointer { Unmanaged.passUnretained(mark).toOpaque() }

    static func known(_ slot: Slot) -> RequestState? {
        guard let pointer = slot.pointee, pointer != seen else { return nil }
        return Unmanaged<RequestState>.fromOpaque(pointer).takeUnretainedValue()
    }

    static func made(_ slot: Slot) -> RequestState {
        if let state = known(slot) { return state }
        let state = RequestState()
        slot.pointee = Unmanaged.passRetained(state).toOpaque()
        return state
    }
}

private func handleAccess(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?,
    _ upload: UnsafePointer<CChar>?, _ uploadCount: UnsafeMutablePointer<Int>?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context, let connection, let url, let method, let uploadCount, let slot else {
        return .NO
    }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    guard slot.pointee != nil else {
        slot.pointee = RequestState.seen
        return begin(
            HTTPRequest(
                connection: connection, slot: slot, server: server, methodText: method,
                pathText: url))
    }
    if uploadCount.pointee > 0 {
        take(upload, uploadCount.pointee, RequestState.made(slot), server)
        uploadCount.pointee = 0
        return .YES
    }
    server.connections?.isWhole(connection)
    if let state = RequestState.known(slot) {
        if let refusal = state.refusal { return queue(refusal, connection) }
        if let pending = state.pending {
            guard let answer = pending.answer.withLock({ $0 }) else { return .YES }
            state.pending = nil
            server.suspended.subtract(1, ordering: .sequentiallyConsistent)
            switch answer {
            case .reply(let reply): return queue(reply, connection)
            case .prepared(let reply): return queue(reply, connection)
            }
        }
    }
    let request = HTTPRequest(
        connection: connection, slot: slot, server: server, methodText: method, pathText: url)
    switch server.handler(request) {
    case .reply(let reply): return queue(reply, connection)
    case .prepared(let reply): return queue(reply, connection)
    case .later: return .YES
    }
}

/// Answering on the first call closes the connection, which is right when a body will not be read.
private func begin(_ request: borrowing HTTPRequest) -> MHD_Result {
    let (connection, server) = (request.connection, request.server)
    let length = chot_mhd_header(connection, "Content-Length", 14)
        .flatMap { Int(String(cString: $0)) }
    guard
        (length ?? 0) > 0
            || server.doorkeeper != nil
                && chot_mhd_header(connection, "Transfer-Encoding", 17) != nil
    else { return .YES }
    let count = length ?? 0
    if count > server.options.bodyBytesMax { return queue(server.options.tooLarge, connection) }
    let state = RequestState.made(request.slot)
    if server.doorkeeper != nil {
        state.refusal = server.doorkeeper?(request)
        if state.refusal == nil, !server.reserve(count) { state.refusal = .busy }
        if state.refusal != nil { return .YES }
    } else {
        guard server.reserve(count) else { return queue(.busy, connection) }
    }
    state.reserved = count
    // A length that a header claims is not believed beyond a page.
    state.body.reserveCapacity(min(count, 4096))
    return .YES
}

private func take(
    _ bytes: UnsafePointer<CChar>?, _ count: Int, _ state: RequestState, _ server: HTTPServer
) {
    guard state.refusal == nil, let bytes else { return }
    let size = state.body.count + count
    if size > server.options.bodyBytesMax {
        state.refusal = server.options.tooLarge
    } else if size > state.reserved {
        // A body of unknown length reserves its room as it comes.
        if server.reserve(size - state.reserved) {
            state.reserved = size
        } else {
            state.refusal = .busy
        }
    }
    if state.refusal == nil {
        state.body += UnsafeRawBufferPointer(start: bytes, count: count)
    } else {
        state.body = []
    }
}

private func handleCompleted(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ how: MHD_RequestTerminationCode
) {
    if let context, let connection {
        Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
            .connections?.isAnswered(connection)
    }
    guard let slot, let known = slot.pointee else { return }
    slot.pointee = nil
    guard known != RequestState.seen else { return }
    let state = Unmanaged<RequestState>.fromOpaque(known).takeRetainedValue()
    let isLarge = state.body.count >= RequestState.largeBytes
    defer { if isLarge { Memory.giveBack() } }
    guard let context else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    server.bodyBytes.subtract(state.reserved, ordering: .relaxed)
    // The connection ended after it was resumed and before the server's thread saw it again.
    if state.pending != nil { server.suspended.subtract(1, ordering: .sequentiallyConsistent) }
}

private func handleConnection(
    _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ what: MHD_ConnectionNotificationCode
) {
    guard let context, let connection else { return }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    if chot_mhd_is_start(what) == 1 {
        server.connections?.opened(connection)
    } else {
        server.connections?.closed(connection)
    }
}

private func queue(_ reply: HTTPReply, _ connection: OpaquePointer) -> MHD_Result {
    guard let response = reply.made() else { return .NO }
    defer { MHD_destroy_response(response) }
    return MHD_queue_response(connection, UInt32(reply.status), response)
}

private func queue(_ reply: HTTPPreparedReply, _ connection: OpaquePointer) -> MHD_Result {
    MHD_queue_response(connection, UInt32(reply.status), reply.response)
}

extension HTTPReply {
    fileprivate static var busy: HTTPReply { .unavailable(seconds: 5) }

    fileprivate func made() -> OpaquePointer? {
        let response = body.withUnsafeBytes { chot_mhd_response($0.count, $0.baseAddress) }
        guard let response else { return nil }
        for (name, value) in headers { MHD_add_response_header(response, name, value) }
        return response
    }
}

/// An answer that is made once and given many times.
///
/// `@unchecked Sendable`: constant; libmicrohttpd counts the references to the response under its own lock.
public final class HTTPPreparedReply: @unchecked Sendable {
    fileprivate let status: Int
    fileprivate let response: OpaquePointer

    /// Nil when there is no memory.
    public init?(_ reply: HTTPReply) {
        guard let made = reply.made() else { return nil }
        status = reply.status
        response = made
    }

    deinit { MHD_destroy_response(response) }
}
