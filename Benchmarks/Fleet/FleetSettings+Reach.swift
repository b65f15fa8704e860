import Domain
import Platform
import Wire

extension FleetSettings {
    private static let patienceMilliseconds = 10_000

    /// Asks once for the collector's keys, where agents will push and where they will wait: a wrong address is told now,
    /// not as thousands of failed requests. Throws `.unavailable`.
    func reach() throws {
        guard let socket = api.unixSocketPath else {
            return try reach(apiURL, api, "--url \(apiURL)")
        }
        try reach(apiURL, api, "--socket \(socket)")
        if holdsLongPolls, let other = wait.unixSocketPath, other != socket {
            try reach(waitURL, wait, "--wait-socket \(other)")
        }
    }

    private func reach(_ url: String, _ options: HTTPClientOptions, _ name: String) throws {
        func failure(_ why: String, vi: String) -> CommandFailure {
            CommandFailure(.unavailable, "\(name) \(why)", vi: "\(name): \(vi)")
        }
        do {
            let answer = try HTTPClient(options).perform(
                HTTPClientRequest(
                    "GET", url + "/v1/keys", timeoutMilliseconds: Self.patienceMilliseconds,
                    bodyBytesMax: Limits.requestBytesMax))
            guard answer.status == 200 else {
                throw failure(
                    "answered \(answer.status) to /v1/keys",
                    vi: "trả lời \(answer.status) khi hỏi /v1/keys")
            }
            guard (try? JWS.parse(String(decoding: answer.body, as: UTF8.self).utf8)) != nil else {
                throw failure(
                    "is no collector: what it answers to /v1/keys is no key list",
                    vi: "không phải máy chủ tổng hợp: /v1/keys không trả về danh sách khóa")
            }
        } catch let error as HTTPClientError {
            switch error {
            case .unreachable(_, let detail):
                throw failure(
                    "cannot be reached: \(detail); is the collector running there?",
                    vi: "không kết nối được: \(detail); máy chủ tổng hợp có đang chạy ở đó không?")
            case .timeout:
                throw failure("did not answer in time", vi: "không trả lời kịp thời gian")
            case .tls(_, let detail), .certificateTime(_, let detail):
                let ca = options.caFile ?? "-"
                throw failure(
                    "is not who --ca \(ca) vouches for: \(detail)",
                    vi: "chứng thư không được --ca \(ca) xác nhận: \(detail)")
            case .tooLarge, .cancelled: throw failure("\(error)", vi: "\(error)")
            }
        }
    }
}
