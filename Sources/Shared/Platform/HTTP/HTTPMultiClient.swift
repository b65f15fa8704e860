import CCurl
import CLinux
import Glibc

/// Sends many HTTP requests at once over libcurl, on the caller's thread; thousands of connections may wait for their
/// answers. Not thread-safe.
///
/// The `lane` of a request decides its group. A lane's requests share kept-alive connections, and finding a free one
/// stays cheap since a group has few lanes.
public final class HTTPMultiClient {
    public typealias Completion = (Result<HTTPClientResponse, HTTPClientError>) -> Void

    private static let lanesOfGroup = 32
    private let epoll = chot_epoll()
    private var groups: [Int: Group] = [:]
    private var free: [UnsafeMutableRawPointer] = []
    /// Requests that were started and have not ended.
    public private(set) var running = 0

    public init() {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        chot_open_files_most()
    }

    deinit { close(epoll) }

    /// Begins a request; a later `run` calls `done`. `bytesPerSecond` bounds the speed; 0 means no bound.
    public func start(
        _ request: HTTPClientRequest, _ options: HTTPClientOptions, lane: Int,
        bytesPerSecond: Int64 = 0, done: @escaping Completion
    ) {
        let group = self.group(lane / Self.lanesOfGroup)
        guard let handle = free.popLast() ?? curl_easy_init() else {
            return done(.failure(.unreachable(url: request.url, detail: "no memory for curl")))
        }
        let exchange = HTTPExchange(request, handle, done)
        HTTPClient.configure(handle, options, request, verifySeconds: nil)
        exchange.attach()
        if bytesPerSecond > 0 {
            chot_curl_offset(handle, CURLOPT_MAX_SEND_SPEED_LARGE, curl_off_t(bytesPerSecond))
        }
        chot_curl_set_private(handle, Unmanaged.passRetained(exchange).toOpaque())
        running += 1
        curl_multi_add_handle(group.multi, handle)
    }

    /// Works for up to this many milliseconds. Returns earlier when there was something to do.
    public func run(milliseconds: Int) {
        let now = MonotonicClock.milliseconds()
        var pause = milliseconds
        for group in groups.values {
            guard let due = group.due else { continue }
            if due <= now {
                group.due = nil
                group.act(CURL_SOCKET_TIMEOUT, 0)
                collect(group)
                pause = 0
            } else {
                pause = min(pause, Int(due - now))
            }
        }
        var fds = [Int32](repeating: 0, count: 512)
        var tags = [UInt32](repeating: 0, count: 512)
        var what = [Int32](repeating: 0, count: 512)
        let count = chot_epoll_wait(epoll, Int32(pause), &fds, &tags, &what)
        for index in 0..<max(0, Int(count)) {
            guard let group = groups[Int(tags[index])] else { continue }
            group.act(fds[index], what[index])
            collect(group)
        }
    }

    private func group(_ number: Int) -> Group {
        if let group = groups[number] { return group }
        let group = Group(epoll: epoll, tag: UInt32(number))
        groups[number] = group
        return group
    }

    private func collect(_ group: Group) {
        var how = CURLE_OK
        while let handle = chot_curl_multi_ended(group.multi, &how) {
            curl_multi_remove_handle(group.multi, handle)
            running -= 1
            guard let pointer = chot_curl_private(handle) else { continue }
            let exchange = Unmanaged<HTTPExchange>.fromOpaque(pointer).takeRetainedValue()
            let result = exchange.result(how)
            exchange.detach()
            free.append(handle)
            exchange.done(result)
        }
    }
}

/// The connections of some lanes: a curl multi handle on the client's epoll.
private final class Group {
    let multi: UnsafeMutableRawPointer
    let epoll: Int32
    let tag: UInt32
    /// When curl must be called even if nothing happened, in monotonic milliseconds.
    var due: Int64?
    private var watched: Set<Int32> = []

    init(epoll: Int32, tag: UInt32) {
        guard let multi = curl_multi_init() else { preconditionFailure("no memory for curl") }
        self.multi = multi
        self.epoll = epoll
        self.tag = tag
        chot_curl_multi_callbacks(
            multi,
            { _, fd, what, context, _ in
                guard let context else { return 0 }
                Unmanaged<Group>.fromOpaque(context).takeUnretainedValue().watch(fd, what)
                return 0
            },
            { _, pause, context in
                guard let context else { return 0 }
                let group = Unmanaged<Group>.fromOpaque(context).takeUnretainedValue()
                group.due = pause < 0 ? nil : MonotonicClock.milliseconds() + Int64(pause)
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
        chot_curl_multi_long(multi, CURLMOPT_MAXCONNECTS, 256)
        // Further requests wait for one of these connections.
        chot_curl_multi_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 128)
    }

    deinit { curl_multi_cleanup(multi) }

    private func watch(_ fd: Int32, _ what: Int32) {
        let wanted: Int32 = what == CURL_POLL_REMOVE ? 0 : what
        chot_epoll_watch(epoll, fd, wanted, tag, watched.contains(fd) ? 1 : 0)
        if wanted == 0 { watched.remove(fd) } else { watched.insert(fd) }
    }

    func act(_ fd: Int32, _ what: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, fd, what, &running)
    }
}

/// One request in progress.
private final class HTTPExchange {
    let request: HTTPClientRequest
    let handle: UnsafeMutableRawPointer
    let done: HTTPMultiClient.Completion
    private let transfer: HTTPTransfer
    private var list: UnsafeMutablePointer<curl_slist>?

    init(
        _ request: HTTPClientRequest, _ handle: UnsafeMutableRawPointer,
        _ done: @escaping HTTPMultiClient.Completion
    ) {
        self.request = request
        self.handle = handle
        self.done = done
        transfer = HTTPTransfer(limit: request.bodyBytesMax, handle: handle) { false }
    }

    func attach() {
        transfer.attach()
        for (name, value) in request.headers {
            list = curl_slist_append(list, HTTPClient.header(name, value))
        }
        list = curl_slist_append(list, "Expect:")
        chot_curl_pointer(handle, CURLOPT_HTTPHEADER, list)
        if let body = request.body {
            chot_curl_long(handle, CURLOPT_POSTFIELDSIZE, body.count)
            _ = body.withUnsafeBufferPointer {
                // curl copies the body.
                chot_curl_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
            }
        }
    }

    func detach() {
        curl_easy_reset(handle)
        curl_slist_free_all(list)
        list = nil
    }

    func result(_ how: CURLcode) -> Result<HTTPClientResponse, HTTPClientError> {
        guard how == CURLE_OK else {
            if transfer.isTooLarge {
                return .failure(
                    .tooLarge(url: LibraryText.address(request.url), limit: request.bodyBytesMax))
            }
            let detail = LibraryText.cleaned(
                String(cString: curl_easy_strerror(how)),
                hiding: LibraryText.secrets(ofURL: request.url))
            let url = LibraryText.address(request.url)
            return .failure(
                how == CURLE_OPERATION_TIMEDOUT
                    ? .timeout(url: url) : .unreachable(url: url, detail: detail))
        }
        var status = 0
        chot_curl_status(handle, &status)
        return .success(transfer.response(status))
    }
}
