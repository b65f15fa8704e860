import Domain
import Platform
import Synchronization

/// What is done every few moments, on two threads: what locks need, and what may take longer. Each step is a short
/// transaction.
final class Upkeep: Sendable {
    /// An agent that holds a set much older than this is cut off, or fed old copies.
    static let renewalMilliseconds: Int64 = 3_600_000
    /// Sets that are renewed, deliveries that are noted in one transaction.
    private static let setsMax = 25
    private static let notesMax = 500
    private static let pruneMax = 1000

    /// Outlives the threads.
    private unowned let server: CollectorServer
    private let stopping = Atomic<Bool>(false)
    private let wakes = [WakeEvent(), WakeEvent()]

    init(server: CollectorServer) { self.server = server }

    private var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    func start() -> [RunningThread] {
        [
            RunningThread(name: "locks") { [self] in keepLocks() },
            RunningThread(name: "upkeep") { [self] in keepRest() },
        ]
    }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        for wake in wakes { wake.signal() }
    }

    private func keepLocks() {
        var clockWatch = ClockWatch(server: server)
        var ticks = 0
        while !isStopping {
            ticks += 1
            recordDeliveries()
            if ticks % 5 == 0 {
                clockWatch.look()
                expireLocks()
            }
            if ticks % 25 == 0 { server.refreshSets() }
            wakes[0].wait(milliseconds: 200)
        }
        recordDeliveries()
    }

    private func keepRest() {
        var keyRotation = KeyRotation(server: server, since: .now)
        let silence = Silence(server: server, since: .now)
        let behind = Behind(server: server)
        var nextRenewal = MonotonicClock.milliseconds() + Self.renewalMilliseconds
        var ticks = 0
        while !isStopping {
            // A time that nobody vouches for ends, prunes and renews nothing.
            let isDoubted = server.clock.isDoubted
            if ticks % 5 == 0 {
                publish()
                if !isDoubted { keyRotation.look(at: .now) }
                server.signAuditHead()
            }
            ticks += 1
            if ticks % 10 == 0 { server.notifications.trim() }
            // What a herd needed for a moment.
            if ticks % 20 == 0 { Memory.giveBack() }
            if !isDoubted, ticks % silence.ticks(every: 1000) == 0 { silence.look(at: .now) }
            if ticks % 30 == 0 { behind.look(at: .now) }
            if !isDoubted, MonotonicClock.milliseconds() >= nextRenewal {
                nextRenewal = renewLockSets()
            }
            wakes[1].wait(milliseconds: 1000)
        }
    }

    /// What a crash, an error or a change of configuration left to be signed.
    private func publish() {
        do {
            guard try server.store.read({ try !$0.pendingPolicies().isEmpty }) else { return }
            try server.publishPolicies(
                of: try server.store.read { try $0.pendingPolicies().map(\.system) })
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot sign changed policies; it is tried again", ["error": error])
        }
    }

    /// Signs all sets anew, so that their age says how fresh an agent's orders are. When it is due again.
    func renewLockSets() -> Int64 {
        do {
            let systems = try server.store.read { try $0.systems().map(\.code) }
            let certain = server.clock.certain
            let all = [.nation] + systems.map { Audience.system($0) }
            for start in stride(from: 0, to: all.count, by: Self.setsMax) where !isStopping {
                try server.store.write(as: .background) {
                    try server.lockBook($0).publish(Set(all[start...].prefix(Self.setsMax)))
                }
            }
            for system in systems {
                var count = 1
                while count > 0, !isStopping {
                    count = try server.store.write(as: .background) {
                        try $0.pruneTallies(system, now: certain, countMax: Self.pruneMax)
                    }
                }
            }
            try server.store.read { try server.delivery.refresh($0) }
            return MonotonicClock.milliseconds() + Self.renewalMilliseconds
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot renew the lock sets; it is tried again", ["error": error])
            return MonotonicClock.milliseconds() + 10_000
        }
    }

    /// Which agents hold which locks is found out beside the writer.
    private func recordDeliveries() {
        let news = server.delivery.takeNews()
        guard !news.isEmpty else { return }
        do {
            let notes = try server.store.read {
                try Acknowledgement(
                    records: $0, delivery: server.delivery, book: server.lockBook($0)
                ).notes(news)
            }
            for start in stride(from: 0, to: notes.count, by: Self.notesMax) {
                try server.store.write(as: .rules) { records in
                    for note in notes[start...].prefix(Self.notesMax) {
                        try records.noteDelivery(note.lock, to: note.agent, at: note.at)
                    }
                }
            }
        } catch {
            server.delivery.giveBack(news)
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot note who holds which locks; it is tried again", ["error": error])
        }
    }

    private func expireLocks() {
        do {
            // By what has passed for certain: a clock that was moved ends no lock.
            let certain = server.clock.certain
            let isDue = try server.store.read { try $0.hasExpiredLocks(at: certain) }
            guard isDue else { return }
            while try server.store.write(
                as: .rules, { try server.lockBook($0).expire(by: certain) })
            {
                server.refreshSets()
            }
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot end locks whose time is over; it is tried again", ["error": error])
        }
    }
}
