import CCurl
import Glibc
import Synchronization

public struct MailClientOptions: Sendable {
    /// The address: `smtp://HOST[:PORT]` or `smtps://HOST[:PORT]`.
    public var server: String
    public var user: String?
    public var password: String?
    /// The PEM file of the authority to trust; nil means the system's.
    public var caFile: String?
    /// False only on loopback; elsewhere a server without STARTTLS is refused.
    public var requiresTLS = true
    public var timeoutMilliseconds = 30_000

    public init(server: String) { self.server = server }
}

public enum MailClientError: Error, CustomStringConvertible, Sendable {
    /// The server refused this message for good (5xx).
    case refused(code: Int, detail: String)
    /// There was no connection, no TLS or no login, or the server said "later"; another try may succeed.
    case unavailable(detail: String)
    case cancelled

    public var description: String {
        switch self {
        case .refused(let code, let detail):
            "the mail server refused the message: \(code) \(detail)"
        case .unavailable(let detail): "the mail server did not take the message: \(detail)"
        case .cancelled: "cancelled"
        }
    }
}

/// Blocking SMTP over libcurl, with one connection for each message. Thread-safe. The password is never shown.
public final class MailClient: Sendable {
    private let cancelled = Atomic<Bool>(false)

    public init() { curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }

    /// Ends a running delivery within about a second, and every later one at once.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    /// Hands a message to the server. At least one recipient was accepted when it returns.
    public func send(_ message: MailMessage, _ options: MailClientOptions)
        throws(MailClientError)
    {
        guard !cancelled.load(ordering: .relaxed) else { throw .cancelled }
        if let wrong = message.unsendable {
            throw .refused(code: 553, detail: "\(Log.escaped(wrong)) cannot be sent as it is")
        }
        guard let handle = curl_easy_init() else { throw .unavailable(detail: "no memory") }
        defer { curl_easy_cleanup(handle) }
        let upload = MailUpload(message.encoded()) { [self] in cancelled.load(ordering: .relaxed) }
        configure(handle, options)
        chot_curl_string(handle, CURLOPT_MAIL_FROM, "<\(message.from)>")
        var recipients: UnsafeMutablePointer<curl_slist>?
        for address in message.to { recipients = curl_slist_append(recipients, "<\(address)>") }
        defer { curl_slist_free_all(recipients) }
        chot_curl_pointer(handle, CURLOPT_MAIL_RCPT, recipients)
        let context = Unmanaged.passUnretained(upload).toOpaque()
        chot_curl_read(handle, readMail, context)
        chot_curl_progress(handle, watchMail, context)
        var problem = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = problem.withUnsafeMutableBufferPointer { buffer in
            chot_curl_pointer(handle, CURLOPT_ERRORBUFFER, buffer.baseAddress)
            defer { chot_curl_pointer(handle, CURLOPT_ERRORBUFFER, nil) }
            return withExtendedLifetime(upload) { curl_easy_perform(handle) }
        }
        guard code != CURLE_OK else { return }
        if code == CURLE_ABORTED_BY_CALLBACK { throw .cancelled }
        var detail = String(cString: curl_easy_strerror(code))
        let said = String(
            decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if !said.isEmpty { detail = said }
        detail = LibraryText.cleaned(
            detail,
            hiding: [options.password ?? ""] + LibraryText.secrets(ofURL: options.server))
        var status = 0
        chot_curl_status(handle, &status)
        // A refused login is a mistake of the configuration, not of the message.
        if (500...599).contains(status), code != CURLE_LOGIN_DENIED, status != 530, status != 535 {
            throw .refused(code: status, detail: detail)
        }
        throw .unavailable(detail: detail)
    }

    private func configure(_ handle: UnsafeMutableRawPointer, _ options: MailClientOptions) {
        chot_curl_long(handle, CURLOPT_NOSIGNAL, 1)
        chot_curl_string(handle, CURLOPT_URL, options.server)
        chot_curl_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        chot_curl_string(handle, CURLOPT_PROXY, "")
        chot_curl_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 10_000)
        chot_curl_long(handle, CURLOPT_TIMEOUT_MS, options.timeoutMilliseconds)
        chot_curl_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        chot_curl_long(
            handle, CURLOPT_USE_SSL,
            Int(options.requiresTLS ? CURLUSESSL_ALL.rawValue : CURLUSESSL_NONE.rawValue))
        chot_curl_long(handle, CURLOPT_UPLOAD, 1)
        chot_curl_some_recipients_suffice(handle)
        if let caFile = options.caFile {
            chot_curl_string(handle, CURLOPT_CAINFO, caFile)
            chot_curl_string(handle, CURLOPT_CAPATH, nil)
        }
        if let user = options.user {
            chot_curl_string(handle, CURLOPT_USERNAME, user)
            chot_curl_string(handle, CURLOPT_PASSWORD, options.password ?? "")
        }
    }
}

private final class MailUpload {
    let bytes: [UInt8]
    var sent = 0
    let isCancelled: () -> Bool

    init(_ bytes: [UInt8], isCancelled: @escaping () -> Bool) {
        self.bytes = bytes
        self.isCancelled = isCancelled
    }
}

private func readMail(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let buffer, let context else { return 0 }
    let upload = Unmanaged<MailUpload>.fromOpaque(context).takeUnretainedValue()
    let length = min(size * count, upload.bytes.count - upload.sent)
    upload.bytes.withUnsafeBytes { all in
        if length > 0, let base = all.baseAddress {
            memcpy(buffer, base.advanced(by: upload.sent), length)
        }
    }
    upload.sent += length
    return length
}

private func watchMail(
    _ context: UnsafeMutableRawPointer?, _ a: curl_off_t, _ b: curl_off_t,
    _ c: curl_off_t, _ d: curl_off_t
) -> Int32 {
    guard let context else { return 0 }
    return Unmanaged<MailUpload>.fromOpaque(context).takeUnretainedValue().isCancelled() ? 1 : 0
}
