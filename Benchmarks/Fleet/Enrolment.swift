import Domain
import Platform
import Wire

/// Enrols a made-up nation: one agent a token, each with a key of its own.
struct Enrolment {
    let settings: FleetSettings
    let tokens: [EnrolmentToken]
    let accounts: Int

    static let atOnce = 128
    /// How long answers under way are waited for once it is to end.
    static let patienceMilliseconds: Int64 = 30_000

    /// Also where it is broken off: who was enrolled by then, and why it ended.
    func run() throws -> (state: FleetState, failure: String?) {
        let keys = try keyList()
        let client = HTTPMultiClient()
        var waiting = tokens.indices.reversed().map { $0 }
        // A token is asked for again with the same key: the collector may have taken it though its answer was lost.
        var own: [Ed25519PrivateKey?] = Array(repeating: nil, count: tokens.count)
        var members: [FleetState.Member?] = Array(repeating: nil, count: tokens.count)
        var failure: String?
        func fail(_ why: String) { failure = failure ?? why }
        var tries = 0
        while failure == nil, members.contains(where: { $0 == nil }) {
            if Signals.isStopWanted {
                fail("stopped by a signal")
                break
            }
            while client.running < Self.atOnce, let index = waiting.popLast() {
                let key = try own[index] ?? Ed25519PrivateKey.generate()
                own[index] = key
                try ask(client, tokens[index], key, lane: index) { result in
                    switch result {
                    case .success(let response) where response.status == 200:
                        guard let answer = try? decodeJSON(EnrolAnswer.self, response.body) else {
                            return fail("the answer to an enrolment cannot be read")
                        }
                        members[index] = FleetState.Member(
                            id: answer.agent, system: answer.system,
                            seed: Base64URL.encode(key.seed), epoch: answer.epoch,
                            at: answer.enrolledAt)
                    case .success(let response) where response.status != 503:
                        fail(
                            "an enrolment was answered \(response.status): "
                                + String(decoding: response.body.prefix(300), as: UTF8.self))
                    default:
                        tries += 1
                        if tries > 10_000 { fail("the collector takes no enrolments") }
                        waiting.append(index)
                    }
                }
            }
            client.run(milliseconds: 100)
        }
        // What is under way may be enrolled already, and nobody else has its key.
        let latest = MonotonicClock.milliseconds() + Self.patienceMilliseconds
        while client.running > 0, MonotonicClock.milliseconds() < latest {
            client.run(milliseconds: 100)
        }
        if client.running > 0 {
            failure =
                "\(failure ?? ""); \(client.running) enrolments were not answered, and may have been made"
        }
        let state = FleetState(
            collector: keys.collector, accounts: accounts, agents: members.compactMap { $0 },
            signing: keys.signing)
        return (state, failure)
    }

    private func keyList() throws -> KeyList {
        guard let root = tokens.first?.root else {
            throw CommandFailure(
                .badInput, "no tokens; make them with chot-collector agent token SYSTEM --count N",
                vi: "không có mã ghi danh; hãy tạo bằng chot-collector agent token SYSTEM --count N"
            )
        }
        let answer = try HTTPClient(settings.api).perform(
            HTTPClientRequest("GET", settings.apiURL + "/v1/keys"))
        return try KeyList.verified(String(decoding: answer.body, as: UTF8.self), root: root)
    }

    private func ask(
        _ client: HTTPMultiClient, _ token: EnrolmentToken, _ key: Ed25519PrivateKey, lane: Int,
        _ done: @escaping HTTPMultiClient.Completion
    ) throws {
        let request = EnrolRequest(
            id: token.id, secret: token.secret, jwk: JWK(key.publicKey), host: "fleet.example",
            version: "fleet")
        let jws = try JWS.sign(request, typ: EnrolRequest.typ, with: key)
        client.start(
            HTTPClientRequest(
                "POST", settings.apiURL + "/v1/enroll",
                headers: [("Content-Type", "application/jose")], body: [UInt8](jws.utf8)),
            settings.api, lane: lane % Self.atOnce, done: done)
    }
}
