import Domain
import Platform
import Wire

/// One simulated agent: its key, its chain of summaries and what it holds. As Courier and Outbox do: what is not
/// acknowledged is sent again byte for byte, what a restored collector lost is numbered anew.
final class FleetAgent {
    let number: Int
    let id: AgentID
    let system: SystemCode
    let key: Ed25519PrivateKey
    let kid: String
    var epoch: Int64
    var seq: Int64
    var prev: String
    /// To here its time is sealed.
    var at: Timestamp
    /// To here it was sealed when the run began.
    let began: Timestamp

    /// Sealed and not numbered yet; numbered and not acknowledged; acknowledged.
    private(set) var unsent: [FleetInterval] = []
    private(set) var waiting: [FleetInterval] = []
    private(set) var kept: [FleetInterval] = []

    var isPushing = false
    var isWaiting = false
    var isTelling = false
    var isAway = false
    var failures = 0
    /// Seconds that its clock is off, and by which it corrects its tokens.
    var skew: Int64 = 0
    var correction: Int64 = 0
    var nation: String?
    var own: String?
    var policy: String?
    private var token: (text: String, until: Int64)?

    init(_ member: FleetState.Member, number: Int) throws {
        guard let seed = Base64URL.decode(member.seed) else {
            throw CommandFailure(
                .badInput, "fleet.json: the seed of \(member.id) is damaged",
                vi: "fleet.json: khóa của \(member.id) bị hỏng")
        }
        self.number = number
        id = member.id
        system = member.system
        key = try Ed25519PrivateKey(seed: seed)
        kid = JWK(key.publicKey).thumbprint
        epoch = member.epoch
        seq = member.seq
        prev = member.prev
        at = member.at
        began = member.at
    }

    var member: FleetState.Member {
        .init(
            id: id, system: system, seed: Base64URL.encode(key.seed), epoch: epoch, seq: seq,
            prev: prev, at: at)
    }

    var isIdle: Bool { unsent.isEmpty && waiting.isEmpty }

    /// Seals its time up to now, cut at clock hours; what waits unnumbered in the same hour grows instead.
    func seal(to now: Timestamp) {
        while at < now {
            let end = min(
                now, at.hourStart.advanced(byMilliseconds: Timestamp.millisecondsPerHour))
            if let last = unsent.last, last.from.hourStart == at.hourStart, last.to == at {
                unsent[unsent.count - 1].to = end
            } else {
                unsent.append(FleetInterval(from: at, to: end))
            }
            at = end
        }
    }

    /// An interval of its own.
    func sealApart(to end: Timestamp) {
        guard at < end else { return }
        unsent.append(FleetInterval(from: at, to: end))
        at = end
    }

    /// What goes into the next push: what waits, and as much more as there is room for, numbered and chained.
    func nextLines(_ text: SummaryText, countMax: Int) throws -> [FleetInterval] {
        var held: [String] = []
        if let nation { held.append("\"nation\":\"\(nation)\"") }
        if let policy { held.append("\"policy\":\"\(policy)\"") }
        if let own { held.append("\"system\":\"\(own)\"") }
        while waiting.count < countMax, !unsent.isEmpty {
            var interval = unsent.removeFirst()
            interval.held = "{" + held.joined(separator: ",") + "}"
            interval.epoch = epoch
            interval.seq = seq + 1
            interval.prev = prev
            prev = JWS.digest(try line(interval, text))
            seq += 1
            waiting.append(interval)
        }
        return Array(waiting.prefix(countMax))
    }

    func line(_ interval: FleetInterval, _ text: SummaryText, fork: Bool = false) throws -> String {
        try JWS.sign(
            text.payload(interval, number, id, system, fork: fork), typ: Summary.typ, with: key)
    }

    func acknowledge(_ interval: FleetInterval) {
        waiting.removeAll { $0.seq == interval.seq && $0.epoch == interval.epoch }
        kept.append(interval)
    }

    /// The collector asks again for what it had acknowledged, from `next` on. What is counted no more; nil: it is not here.
    func sendAgain(from next: Int64) -> [FleetInterval]? {
        let again = kept.filter { $0.epoch == epoch && $0.seq >= next }
        guard again.first?.seq == next else { return nil }
        kept.removeAll { $0.epoch == epoch && $0.seq >= next }
        waiting = again + waiting
        return again
    }

    /// A new epoch: what waits, and what was acknowledged after `last`, gets new numbers. Returns what is counted no more.
    func begin(epoch new: Int64, last: SummaryNumber?) -> [FleetInterval] {
        var again: [FleetInterval] = []
        if let last {
            again = kept.filter { ($0.epoch, $0.seq) > (last.epoch, last.seq) }
            kept.removeAll { ($0.epoch, $0.seq) > (last.epoch, last.seq) }
        }
        unsent = again + waiting + unsent
        waiting = []
        epoch = new
        seq = 0
        prev = ""
        return again
    }

    func bearer(_ collector: String) throws -> String {
        let now = WallClock.milliseconds() / 1000 + skew + correction
        if let token, token.until > now { return token.text }
        let claims = AuthClaims(sub: id.rawValue, aud: collector, iat: now, exp: now + 55)
        let text = "Bearer " + (try JWS.sign(claims, typ: AuthClaims.typ, with: key))
        token = (text, now + 40)
        return text
    }

    /// `server`: what time it is there.
    func correct(by server: Timestamp) {
        correction = server.milliseconds / 1000 - WallClock.milliseconds() / 1000 - skew
        token = nil
    }
}
