import Domain
import Platform
import Wire
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

/// An honest agent without a network: seals, chains and signs, keeps what is not acknowledged, obeys.
final class SimulatedAgent {
    struct Signed {
        let summary: Summary
        let jws: String
    }

    let id: AgentID
    let key: Ed25519PrivateKey
    var epoch: Int64 = 1
    var seq: Int64 = 0
    var prev = ""
    var at: Timestamp
    var waiting: [Signed] = []
    var kept: [Signed] = []
    var sets: [Audience: (set: LockSet, held: HeldVersion, jws: String)] = [:]
    /// What it was given that it must not take.
    var trouble: String?

    init(_ id: AgentID, _ key: Ed25519PrivateKey, at: Timestamp) {
        self.id = id
        self.key = key
        self.at = at
    }

    func seal(to now: Timestamp, _ rows: [SummaryRow]) throws {
        guard now > at else { return }
        try sign(
            Summary(
                agent: id, system: id.system, epoch: epoch, seq: seq + 1, part: .init(n: 1, of: 1),
                prev: prev, from: at, to: now, everyMilliseconds: 60_000,
                clockOffsetMilliseconds: nil, held: held, downtime: nil, dropped: [:],
                refusedSets: [:], breaches: [], rows: rows))
        at = now
    }

    var held: Summary.Held {
        Summary.Held(nation: sets[.nation]?.held, system: sets[.system(id.system)]?.held)
    }

    private func sign(_ summary: Summary) throws {
        let jws = try JWS.sign(summary, typ: Summary.typ, with: key)
        seq = summary.seq
        prev = JWS.digest(jws)
        waiting.append(Signed(summary: summary, jws: jws))
    }

    func begin(epoch new: Int64, last: SummaryNumber?) throws {
        var again = waiting
        if let last {
            let lost = kept.filter { ($0.summary.epoch, $0.summary.seq) > (last.epoch, last.seq) }
            kept.removeAll { ($0.summary.epoch, $0.summary.seq) > (last.epoch, last.seq) }
            again = lost + waiting
        }
        (epoch, seq, prev, waiting) = (new, 0, "", [])
        for one in again {
            var summary = one.summary
            summary.epoch = epoch
            summary.seq = seq + 1
            summary.prev = prev
            try sign(summary)
        }
    }

    /// True: a new epoch is needed.
    func take(_ answer: PushAnswer, _ batch: [Signed]) -> Bool {
        var needsEpoch = answer.epoch != epoch
        for (sent, item) in zip(batch, answer.items) {
            switch item.status {
            case .accepted, .duplicate:
                // Quarantined: it was counted under its former number, and the answer was lost.
                if let place = waiting.firstIndex(where: { $0.jws == sent.jws }) {
                    kept.append(waiting.remove(at: place))
                }
            case .refused: needsEpoch = true
            case .retry, .resync: break
            }
        }
        let expected = waiting.first?.summary.seq ?? seq + 1
        if !needsEpoch, answer.nextSeq < expected {
            let again = kept.filter {
                $0.summary.epoch == epoch && $0.summary.seq >= answer.nextSeq
            }
            guard again.first?.summary.seq == answer.nextSeq else { return true }
            kept.removeAll { $0.summary.epoch == epoch && $0.summary.seq >= answer.nextSeq }
            waiting = again + waiting
        }
        return needsEpoch
    }

    func adopt(_ answer: LockSetAnswer, _ signer: Ed25519PublicKey) {
        for (text, audience) in [
            (answer.nation, Audience.nation), (answer.system, Audience.system(id.system)),
        ] {
            guard let text else { continue }
            guard let payload = try? JWS.parse(text.utf8).verified(by: signer, typ: LockSet.typ),
                let set = try? decodeJSON(LockSet.self, payload),
                set.audience == audience.description
            else {
                trouble = "it was given a set that it cannot take"
                continue
            }
            if let former = sets[audience], set.version < former.set.version {
                trouble =
                    "the set of \(audience) went back from \(former.set.version) to \(set.version)"
            }
            sets[audience] = (
                set, HeldVersion(version: set.version, digest: JWS.digest(text)), text
            )
        }
    }
}
