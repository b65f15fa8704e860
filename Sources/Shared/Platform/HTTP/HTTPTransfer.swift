import CCurl

/// Collects the answer to one request.
final class HTTPTransfer {
    var body: [UInt8] = []
    var headers: [String] = []
    var isTooLarge = false
    var certificate: ClosedRange<Int64>?
    let limit: Int
    let handle: UnsafeMutableRawPointer
    let isCancelled: () -> Bool

    init(limit: Int, handle: UnsafeMutableRawPointer, isCancelled: @escaping () -> Bool) {
        self.limit = limit
        self.handle = handle
        self.isCancelled = isCancelled
    }

    /// Connects curl to this object, which must outlive the request.
    func attach() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        chot_curl_write(handle, receiveBody, context)
        chot_curl_header(handle, receiveHeader, context)
        chot_curl_progress(handle, watchProgress, context)
    }

    func response(_ status: Int) -> HTTPClientResponse {
        HTTPClientResponse(
            status: status, body: body, certificate: certificate, headerLines: headers)
    }

    /// Asks for the certificate, which is possible only while the answer comes.
    func askCertificate() {
        var from: Int64 = 0
        var to: Int64 = 0
        guard chot_curl_peer_validity(handle, &from, &to) != 0, from <= to else { return }
        certificate = from...to
    }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    guard transfer.body.count + size * count <= transfer.limit else {
        transfer.isTooLarge = true
        return 0
    }
    transfer.body += UnsafeRawBufferPointer(start: bytes, count: size * count)
    return size * count
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
    guard transfer.headers.count < 100 else { return 0 }
    // A proxy's own answer comes before there is a certificate.
    if transfer.certificate == nil { transfer.askCertificate() }
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    transfer.headers.append(String(decoding: line.filter { $0 != 13 && $0 != 10 }, as: UTF8.self))
    return size * count
}

private func watchProgress(
    _ context: UnsafeMutableRawPointer?, _ a: curl_off_t, _ b: curl_off_t,
    _ c: curl_off_t, _ d: curl_off_t
) -> Int32 {
    guard let context else { return 0 }
    return Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue().isCancelled() ? 1 : 0
}
