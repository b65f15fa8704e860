import CCurl
import Glibc
import Synchronization

public struct HTTPClientOptions: Sendable {
    /// The PEM file of the authority to trust; nil means the system's.
    public var caFile: String?
    /// False only when fetching the key list, whose signature is checked against a pinned root.
    public var verifyPeer = true
    public var unixSocketPath: String?
    /// A proxy such as `http://proxy.example:3128`, used with CONNECT for https; the environment's is never used.
    public var proxy: String?
    /// Gives the time by which certificates are judged, in seconds since 1970; nil means the machine's clock.
    public var verifyTime: (@Sendable () -> Int64)?
    public var connectTimeoutMilliseconds = 10_000

    public init() {}
}

public struct HTTPClientRequest: Sendable {
    public var method: String
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]?
    public var timeoutMilliseconds: Int
    public var bodyBytesMax: Int
    /// The time by which certificates are judged, in seconds since 1970; nil means as the options say.
    public var verifyTime: Int64?

    public init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil, timeoutMilliseconds: Int = 30_000, bodyBytesMax: Int = 16 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutMilliseconds = timeoutMilliseconds
        self.bodyBytesMax = bodyBytesMax
    }
}

public struct HTTPClientResponse: Sendable {
    public let status: Int
    public let body: [UInt8]
    /// When the other end's certificate is valid, in seconds since 1970; nil when that is not known, or without TLS.
    public var certificate: ClosedRange<Int64>?
    let headerLines: [String]

    /// The value of a header, whose name may be in any case.
    public func header(_ name: String) -> String? {
        let prefix = name.lowercased() + ":"
        guard let line = headerLines.last(where: { $0.lowercased().hasPrefix(prefix) }) else {
            return nil
        }
        return line.dropFirst(prefix.count).drop { $0 == " " }.description
    }
}

public enum HTTPClientError: BilingualError {
    case unreachable(url: String, detail: String)
    case timeout(url: String)
    case tls(url: String, detail: String)
    /// The certificate fails only by its dates: it has expired, or is not valid yet.
    case certificateTime(url: String, detail: String)
    case tooLarge(url: String, limit: Int)
    case cancelled

    public var description: String {
        switch self {
        case .unreachable(let url, let detail): "\(url) cannot be reached: \(detail)"
        case .timeout(let url): "\(url) did not answer in time"
        case .tls(let url, let detail), .certificateTime(let url, let detail):
            "\(url) is not the collector that this agent trusts: \(detail)"
        case .tooLarge(let url, let limit): "the answer of \(url) is larger than \(limit) bytes"
        case .cancelled: "cancelled"
        }
    }

    /// The message without the library's words, which are English.
    public var vietnamese: String {
        switch self {
        case .unreachable(let url, _): "không kết nối được tới \(url)"
        case .timeout(let url): "\(url) không trả lời kịp"
        case .tls(let url, _): "\(url) không có chứng chỉ mà máy này tin cậy"
        case .certificateTime(let url, _): "chứng chỉ của \(url) hết hạn hoặc chưa có hiệu lực"
        case .tooLarge(let url, let limit): "trả lời của \(url) dài hơn \(limit) byte"
        case .cancelled: "đã hủy"
        }
    }
}

/// Blocking HTTP over libcurl, with one kept-alive connection and one request at a time. Thread-safe.
///
/// `@unchecked Sendable`: the handle and `verifySeconds` are used only inside `lock`.
public final class HTTPClient: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    private let lock = Mutex<Void>(())
    private let options: HTTPClientOptions
    private let cancelled = Atomic<Bool>(false)
    /// OpenSSL reads it while a connection is made.
    private let verifySeconds = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    public init(_ options: HTTPClientOptions = .init()) {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        guard let handle = curl_easy_init() else { preconditionFailure("no memory for curl") }
        self.handle = handle
        self.options = options
    }

    deinit {
        curl_easy_cleanup(handle)
        verifySeconds.deallocate()
    }

    /// Ends a running request within about a second, and every later one at once.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Sends a request and waits for the answer, whatever its status. Throws when none comes, or one that is too large.
    public func perform(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientResponse
    {
        let result = lock.withLock { _ in
            Result<HTTPClientResponse, HTTPClientError> { () throws(HTTPClientError) in
                try send(request)
            }
        }
        return try result.get()
    }

    private func send(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientResponse {
        guard !cancelled.load(ordering: .relaxed) else { throw .cancelled }
        let transfer = HTTPTransfer(limit: request.bodyBytesMax, handle: handle) { [self] in
            cancelled.load(ordering: .relaxed)
        }
        Self.configure(handle, options, request, verifySeconds: verifySeconds)
        transfer.attach()
        var list: UnsafeMutablePointer<curl_slist>?
        for (name, value) in request.headers {
            list = curl_slist_append(list, Self.header(name, value))
        }
        list = curl_slist_append(list, "Expect:")
        chot_curl_pointer(handle, CURLOPT_HTTPHEADER, list)
        defer { curl_slist_free_all(list) }
        var problem = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = problem.withUnsafeMutableBufferPointer { buffer in
            chot_curl_pointer(handle, CURLOPT_ERRORBUFFER, buffer.baseAddress)
            defer { chot_curl_pointer(handle, CURLOPT_ERRORBUFFER, nil) }
            return withExtendedLifetime(transfer) {
                guard let body = request.body else { return curl_easy_perform(handle) }
                return body.withUnsafeBufferPointer {
                    chot_curl_long(handle, CURLOPT_POSTFIELDSIZE, body.count)
                    chot_curl_pointer(handle, CURLOPT_POSTFIELDS, $0.baseAddress)
                    return curl_easy_perform(handle)
                }
            }
        }
        guard code == CURLE_OK else {
            if transfer.isTooLarge {
                throw .tooLarge(url: LibraryText.address(request.url), limit: request.bodyBytesMax)
            }
            let said = String(
                decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let detail = LibraryText.cleaned(
                said.isEmpty ? String(cString: curl_easy_strerror(code)) : said,
                hiding: LibraryText.secrets(ofURL: options.proxy)
                    + LibraryText.secrets(ofURL: request.url))
            let url = LibraryText.address(request.url)
            switch code {
            case CURLE_ABORTED_BY_CALLBACK: throw .cancelled
            case CURLE_OPERATION_TIMEDOUT: throw .timeout(url: url + throughProxy)
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE:
                throw chot_curl_failed_by_time(handle) == 0
                    ? .tls(url: url, detail: detail)
                    : .certificateTime(url: url, detail: detail)
            default: throw .unreachable(url: url, detail: detail + throughProxy)
            }
        }
        var status = 0
        chot_curl_status(handle, &status)
        return transfer.response(status)
    }

    /// A header line. Control characters become spaces, since a line break in the value would begin another header.
    static func header(_ name: String, _ value: String) -> String {
        var line = "\(name): "
        for scalar in value.unicodeScalars {
            let isControl = scalar.value < 0x20 || scalar.value == 0x7F
            line.unicodeScalars.append(isControl ? " " : scalar)
        }
        return line
    }

    /// Names the proxy, without its password, in an error: a proxy that is down looks like a server that is down.
    private var throughProxy: String {
        guard let proxy = options.proxy else { return "" }
        let host =
            proxy.lastIndex(of: "@").map { String(proxy[proxy.index(after: $0)...]) } ?? proxy
        return " (through the proxy \(host))"
    }

    /// `verifySeconds` is where OpenSSL reads the time by which certificates are judged, unless that is the clock's.
    static func configure(
        _ handle: UnsafeMutableRawPointer, _ options: HTTPClientOptions,
        _ request: HTTPClientRequest, verifySeconds: UnsafeMutablePointer<Int>?
    ) {
        curl_easy_reset(handle)
        chot_curl_long(handle, CURLOPT_NOSIGNAL, 1)
        chot_curl_string(handle, CURLOPT_URL, request.url)
        chot_curl_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        chot_curl_string(handle, CURLOPT_PROXY, options.proxy ?? "")
        chot_curl_string(handle, CURLOPT_USERAGENT, "chot")
        chot_curl_long(handle, CURLOPT_CONNECTTIMEOUT_MS, options.connectTimeoutMilliseconds)
        chot_curl_long(handle, CURLOPT_TIMEOUT_MS, request.timeoutMilliseconds)
        chot_curl_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let caFile = options.caFile {
            chot_curl_string(handle, CURLOPT_CAINFO, caFile)
            // Debian's libcurl would also trust the system's authorities.
            chot_curl_string(handle, CURLOPT_CAPATH, nil)
        }
        if !options.verifyPeer {
            chot_curl_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            chot_curl_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let verifySeconds, let time = request.verifyTime ?? options.verifyTime?() {
            verifySeconds.pointee = Int(time)
            chot_curl_verify_time(handle, verifySeconds)
        }
        if let path = options.unixSocketPath {
            chot_curl_string(handle, CURLOPT_UNIX_SOCKET_PATH, path)
        }
        if request.body != nil { chot_curl_long(handle, CURLOPT_POST, 1) }
        chot_curl_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
    }
}
