import CollectorClock
import CollectorDetection
import CollectorLocks
import CollectorRegistry
import CollectorStaff
import CollectorStore
import Domain
import Platform
import Synchronization

/// What is done every few moments, on two threads: one for what locks need, one for what may take longer. Each step is
/// a short transaction.
final class Upkeep: Sendable {
    /// An agent that holds a set much older than this is cut off, or is fed old copies.
    static let renewalMilliseconds: Int64 = 3_600_000
    /// The most sets that one transaction renews; `notesMax` bounds the deliveries that one notes.
    private static let setsMax = 25
    private static let notesMax = 500
    private static let pruneMax = 1000

    private let desk: Desk
    private let stopping = Atomic<Bool>(false)
    private let wakes = [WakeEvent(), WakeEvent()]

    init(_ desk: Desk) { self.desk = desk }

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
        var clockWatch = ClockWatch(clock: desk.clock, store: desk.store, metrics: desk.metrics)
        perform(
            [
                Duty(every: 200) { [self] in recordDeliveries() },
                Duty(every: 1000) { clockWatch.look() },
                Duty(every: 1000) { [self] in expireLocks() },
                Duty(every: 5000) { [desk] in desk.delivery.refresh(from: desk.store, desk.metrics)
                },
            ], wake: wakes[0])
        recordDeliveries()
    }

    private func keepRest() {
        var keyRotation = KeyRotation(
            store: desk.store, policies: desk.policies, metrics: desk.metrics, since: .now)
        let silence = Silence(
            store: desk.store, locks: desk.locks, metrics: desk.metrics, since: .now)
        let behind = Behind(store: desk.store, delivery: desk.delivery, metrics: desk.metrics)
        var nextRenewal = MonotonicClock.milliseconds() + Self.renewalMilliseconds
        perform(
            [
                Duty(every: 5000, isDueAtOnce: true) { [self] in publish() },
                Duty(every: 5000, isDueAtOnce: true, byCertainTime: true) {
                    keyRotation.look(at: .now)
                },
                Duty(every: 5000, isDueAtOnce: true) { [desk] in desk.audit.sign() },
                Duty(every: 10_000) { [desk] in desk.notifications.trim() },
                // Returns memory that was needed for a moment, when many agents came at once.
                Duty(every: 20_000) { Memory.giveBack() },
                Duty(every: silence.everyMilliseconds, byCertainTime: true) {
                    silence.look(at: .now)
                },
                Duty(every: 30_000) { behind.look(at: .now) },
                Duty(every: 1000, byCertainTime: true) { [self] in
                    if MonotonicClock.milliseconds() >= nextRenewal {
                        nextRenewal = renewLockSets()
                    }
                },
            ], wake: wakes[1])
    }

    /// Runs each duty when it is due, one after the other, until the collector stops.
    private func perform(_ duties: [Duty], wake: WakeEvent) {
        let start = MonotonicClock.milliseconds()
        var due = duties.map { $0.isDueAtOnce ? start : start + $0.every }
        let shortest = duties.map(\.every).min() ?? 1000
        while !isStopping {
            for (index, duty) in duties.enumerated() {
                let now = MonotonicClock.milliseconds()
                guard now >= due[index] else { continue }
                due[index] = now + duty.every
                // While nobody vouches for the time, nothing is ended, pruned or renewed by it.
                if duty.byCertainTime && desk.clock.isDoubted { continue }
                duty.work()
            }
            wake.wait(milliseconds: shortest)
        }
    }

    /// Signs what a crash, an error or a change of configuration left unsigned.
    private func publish() {
        do {
            guard try desk.store.read({ try !$0.pendingPolicies().isEmpty }) else { return }
            try desk.policies.publish(
                of: try desk.store.read { try $0.pendingPolicies().map(\.system) })
        } catch {
            desk.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot sign changed policies; it is tried again", ["error": error])
        }
    }

    /// Signs all sets anew, so that their age says how fresh an agent's orders are. Returns when that is due again.
    func renewLockSets() -> Int64 {
        do {
            let systems = try desk.store.read { try $0.systems().map(\.code) }
            let certain = desk.clock.certain
            let all = [.nation] + systems.map { Audience.system($0) }
            for start in stride(from: 0, to: all.count, by: Self.setsMax) where !isStopping {
                try desk.store.write(as: .background) {
                    try desk.locks.book($0, at: .now).publish(
                        Set(all[start...].prefix(Self.setsMax)))
                }
            }
            for system in systems {
                var count = 1
                while count > 0, !isStopping {
                    count = try desk.store.write(as: .background) {
                        try $0.pruneTallies(system, now: certain, countMax: Self.pruneMax)
                    }
                }
            }
            try desk.store.read { try desk.delivery.refresh($0) }
            return MonotonicClock.milliseconds() + Self.renewalMilliseconds
        } catch {
            desk.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot renew the lock sets; it is tried again", ["error": error])
            return MonotonicClock.milliseconds() + 10_000
        }
    }

    /// Finds out beside the writer which agents hold which locks.
    private func recordDeliveries() {
        let news = desk.delivery.takeNews()
        guard !news.isEmpty else { return }
        do {
            let notes = try desk.store.read {
                try Acknowledgement(
                    records: $0, delivery: desk.delivery, book: desk.locks.book($0, at: .now)
                ).notes(news)
            }
            for start in stride(from: 0, to: notes.count, by: Self.notesMax) {
                try desk.store.write(as: .rules) { records in
                    for note in notes[start...].prefix(Self.notesMax) {
                        try records.noteDelivery(note.lock, to: note.agent, at: note.at)
                    }
                }
            }
        } catch {
            desk.delivery.giveBack(news)
            desk.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot note who holds which locks; it is tried again", ["error": error])
        }
    }

    private func expireLocks() {
        do {
            // Only time that has passed for certain counts, so that a clock that was moved ends no lock.
            let certain = desk.clock.certain
            let isDue = try desk.store.read { try $0.hasExpiredLocks(at: certain) }
            guard isDue else { return }
            while try desk.store.write(
                as: .rules, { try desk.locks.book($0, at: .now).expire(by: certain) })
            {
                desk.delivery.refresh(from: desk.store, desk.metrics)
            }
        } catch {
            desk.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot end locks whose time is over; it is tried again", ["error": error])
        }
    }
}
