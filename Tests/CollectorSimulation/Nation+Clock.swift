import Domain
import Platform
@testable import Collector
@testable import CollectorClock
@testable import CollectorDelivery
@testable import CollectorLocks
@testable import CollectorRegistry
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// The clock of the collector's machine is set, now and then, by hours or days; agents know better.
extension Nation {
    static let units = 2

    func moveClock() throws {
        figures["clock moved", default: 0] += 1
        let day = Timestamp.millisecondsPerDay
        let span = chance.hits(0.3) ? 0 : chance.time(-3 * day...3 * day)
        time.setMachine(by: span)
        try lookAtClock()
        // What ends by a time that is in doubt has not ended.
        if chance.hits(0.5) { try expire() }
    }

    func lookAtClock() throws {
        _ = server.clock.look(units: { Self.units })
        server.clock.save()
    }

    /// Each agent's long-poll brings a token.
    func hearAgents() throws {
        for agent in agents { hear(agent) }
        try lookAtClock()
        guard abs(server.clock.now().milliseconds - now.milliseconds) < 400_000 else {
            throw Failure(
                description: "all agents say \(now), the collector goes by \(server.clock.now())")
        }
    }

    /// Whether its token is taken, as the authenticator judges.
    @discardableResult
    func hear(_ agent: SimulatedAgent) -> Bool {
        server.clock.hear(tokenSeconds: now.milliseconds / 1000, of: agent.id)
        _ = server.clock.look(units: { Self.units })
        return abs(server.clock.now().milliseconds - now.milliseconds) < 400_000
    }

    /// As the main thread does once a second.
    func expire() throws {
        let server = server
        let due = try? server.store.read { records in
            try records.locks(state: .active).filter {
                $0.expiresAt.map { $0 <= server.clock.certain } ?? false
            }.map(\.id)
        }
        let ended: [LockRecord]? = try? server.store.write { records in
            let before = try records.locks(state: .active)
            guard try server.locks.book(records, at: .now).expire(by: server.clock.certain) else {
                return []
            }
            let after = Set(try records.locks(state: .active).map(\.id))
            return before.filter { !after.contains($0.id) }
        }
        // Where the process ended in the middle, all of them may have ended or none.
        if ended == nil { mayHaveEnded = Set(due ?? []) }
        for lock in ended ?? [] {
            guard let end = lock.expiresAt, end <= now.advanced(byMilliseconds: 400_000) else {
                throw Failure(
                    description: "\(lock.id) ended before its time, by a clock that was moved")
            }
            locks.remove(lock.id)
            figures["locks ended", default: 0] += 1
        }
        try? server.store.read { try server.delivery.refresh($0) }
    }

    /// No honest agent is blamed for the collector's clock.
    func checkBlame() throws {
        let blamed = try server.store.read { try $0.openAlerts("I1") }.filter {
            ($0.kind == "clock" || $0.kind == "token")
                && !$0.key.hasPrefix(Self.rogueSystem.rawValue + "/")
        }
        guard blamed.isEmpty else {
            throw Failure(description: "honest agents are blamed: \(blamed.map(\.key))")
        }
    }
}
