import CollectorClock
import CollectorEvidence
import CollectorIntake
import CollectorRegistry
import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform
import Synchronization
import Wire

/// Compresses and deletes what is old, in steps of some milliseconds on a thread of its own, with pauses between them,
/// so that no push waits for it. After a crash it goes on, because each step is a transaction that can be repeated.
package final class Retention: Sendable {
    /// The most rows of a step.
    package static let rowsMax = 1000
    /// The shortest pause between two steps; a longer step is followed by a pause as long as itself.
    package static let pauseMilliseconds: Int64 = 20
    static let passMilliseconds: Int64 = 60_000

    package enum Kind: String, CaseIterable, Sendable {
        case hours, dates, systemHours = "system_hours", denials, parts, gaps, summaries, refused,
            pins, registry
    }

    private let settings: RetentionSettings
    package let store: any Store
    package let metrics: Metrics
    private let clock: CentreClock?
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)
    /// How many summaries the last pass could not compress.
    private let unpackable = Shared()
    /// How many imports had been broken off when persons were last looked through.
    private let personsSeen = Mutex<Int64>(-1)

    private final class Shared: Sendable {
        private let count = Mutex(0)
        func withLock<T>(_ body: (inout sending Int) -> sending T) -> T {
            count.withLock(body)
        }
    }

    /// While `clock` is doubted nothing is deleted, and never by a later time than has passed for certain.
    package init(
        _ settings: RetentionSettings, store: any Store, metrics: Metrics,
        clock: CentreClock? = nil
    ) {
        self.settings = settings
        self.clock = clock
        self.store = store
        self.metrics = metrics
        metrics.declare("chot_collector_pruned_total", "Rows deleted by age, by what they were.")
        metrics.declare("chot_collector_packed_total", "Signed summaries compressed.")
        metrics.gauge(
            "chot_collector_unpackable",
            "Signed summaries that stay as they are: not canonical, or not in their chain."
        ) { [unpackable] in Int64(unpackable.withLock { $0 }) }
        metrics.declare(
            "chot_collector_retention_errors_total", "Steps of retention that failed.")
    }

    package func start() -> RunningThread {
        RunningThread(name: "retention", standsBack: true) { [self] in
            while !isStopping {
                if clock?.isDoubted != true { pass(now: clock?.certain ?? .now) }
                wake.wait(milliseconds: Self.passMilliseconds)
            }
        }
    }

    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }

    func hasUnseenPersons(_ registrations: Int64) -> Bool {
        personsSeen.withLock { $0 != registrations }
    }

    func didSeePersons(_ registrations: Int64) { personsSeen.withLock { $0 = registrations } }

    package var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    /// Does everything that is due. A failure is logged, counted, and tried again in the next pass.
    package func pass(now: Timestamp) {
        do {
            try pack(now: now)
            try prune(now: now)
        } catch {
            metrics.add("chot_collector_retention_errors_total")
            Log.error("cannot compress or delete what is old; it is tried again", ["error": error])
        }
    }

    /// Rests as long as the step took, so that retention takes at most half of the time.
    package func rest(since start: Int64) {
        let pause = max(Self.pauseMilliseconds, MonotonicClock.milliseconds() - start)
        wake.wait(milliseconds: min(pause, 1000))
    }

    // MARK: compressing

    package func pack(now: Timestamp) throws {
        let old = now.advanced(byMilliseconds: -settings.evidenceMilliseconds)
        let stale = now.advanced(byMilliseconds: -settings.packAfterMilliseconds)
        var agent = ""
        var unsound = 0
        defer { unpackable.withLock { $0 = unsound } }
        while !isStopping {
            let start = MonotonicClock.milliseconds()
            let next = try store.read {
                try $0.packable(
                    after: agent, stale: stale, old: old, countMin: EvidenceBlock.countMax)
            }
            guard let next else { return }
            agent = next.agent.rawValue
            rest(since: start)
            unsound += try pack(next.agent, epoch: next.epoch, since: old, stale: stale)
        }
    }

    /// Compresses one agent's summaries of one epoch, block by block. Too few for a block are compressed only when they
    /// are stale. Returns how many could not be.
    private func pack(_ agent: AgentID, epoch: Int64, since old: Timestamp, stale: Timestamp) throws
        -> Int
    {
        var after: Int64 = -1
        var unsound = 0
        while !isStopping {
            let start = MonotonicClock.milliseconds()
            let found = try store.read {
                try $0.rawEvidence(agent, epoch: epoch, after: after, since: old)
            }
            let raw = Self.prefix(found)
            guard let first = raw.first, let last = raw.last else { break }
            if found.count < EvidenceBlock.countMax, first.receivedAt >= stale { break }
            after = last.seq
            let sound = soundEvidence(raw)
            unsound += raw.count - sound.count
            if let archive = try packed(sound) {
                let isDone = try store.write(as: .background) {
                    records -> Bool in
                    try records.part {
                        guard try records.replace(sound, by: archive, agent, epoch: epoch) else {
                            throw EvidenceBlock.Problem(
                                description:
                                    "summaries of \(agent) changed while they were compressed")
                        }
                        return true
                    }
                }
                if isDone { metrics.add("chot_collector_packed_total", "", Int64(sound.count)) }
            }
            rest(since: start)
        }
        return unsound
    }

    /// Returns as many as make up a block.
    private static func prefix(_ raw: [Records.RawEvidence]) -> ArraySlice<Records.RawEvidence> {
        var bytes = 0
        return raw.prefix { summary in
            bytes += summary.jws.utf8.count
            return bytes <= EvidenceBlock.bytesMax
        }
    }

    /// Returns those that can be restored byte for byte, are what was received, and name the summary before if that is
    /// here.
    private func soundEvidence(_ raw: ArraySlice<Records.RawEvidence>) -> [Records.RawEvidence] {
        struct Link: Decodable { let prev: String }
        var former: Records.RawEvidence?
        return raw.filter { summary in
            defer { former = summary }
            guard let parts = EvidenceBlock.Parts(summary.jws),
                JWS.digest(summary.jws) == summary.hash,
                let link = try? decodeJSON(Link.self, parts.payload)
            else { return false }
            guard let former, former.seq.adding(1) == summary.seq else { return true }
            return link.prev == former.hash
        }
    }

    /// Returns a block of the summaries, or nil if there are none. Throws if reading it back does not give all of them.
    private func packed(_ summaries: [Records.RawEvidence]) throws -> [UInt8]? {
        guard !summaries.isEmpty else { return nil }
        let archive = try EvidenceBlock.pack(summaries.map { ($0.seq, $0.jws) })
        let back = try EvidenceBlock.unpack(archive)
        guard back.count == summaries.count, summaries.allSatisfy({ back[$0.seq] == $0.jws }) else {
            throw EvidenceBlock.Problem(description: "a block does not give back what went in")
        }
        return archive
    }

    // MARK: deleting

    func prune(now: Timestamp) throws {
        func before(_ span: Int64) -> Timestamp { now.advanced(byMilliseconds: -span) }
        func hour(_ time: Timestamp) -> Int64 {
            time.hourStart.milliseconds / Timestamp.millisecondsPerHour
        }
        // Cut at whole dates, so that the hours of a date go together.
        let hourly = UsageTotals.hour(
            ofDate: Int64(before(settings.hourlyMilliseconds).date.daysSinceEpoch))
        let daily = before(settings.dailyMilliseconds).date
        let dailyHour = UsageTotals.hour(ofDate: Int64(daily.daysSinceEpoch))
        let evidence = before(settings.evidenceMilliseconds)
        let pinned = before(settings.pinnedMilliseconds)
        try store.write(as: .background) {
            try $0.keepUsage(hoursFrom: hourly, datesFrom: Int64(daily.daysSinceEpoch))
        }
        let max = Self.rowsMax
        try steps(.hours) { try $0.pruneHours(before: hourly, countMax: max) }
        try steps(.dates) {
            try $0.pruneDates(before: Int64(daily.daysSinceEpoch), countMax: max)
        }
        try steps(.dates) {
            try $0.pruneCountedNames(before: Int64(daily.daysSinceEpoch), countMax: max)
        }
        try steps(.systemHours) { try $0.pruneSystemHours(before: dailyHour, countMax: max) }
        try steps(.denials) { try $0.pruneDenials(before: hourly, countMax: max) }
        let hourlyDate = before(settings.hourlyMilliseconds).date
        try steps(.denials) { try $0.pruneDenialSums(before: hourlyDate, countMax: max) }
        try steps(.parts) { try $0.pruneParts(before: evidence, countMax: max) }
        try steps(.gaps) { try $0.pruneGaps(before: Timestamp(daily), countMax: max) }
        try pruneBlocks(before: evidence, pinnedSince: pinned)
        try steps(
            .summaries,
            while: { try $0.hasOldRawEvidence(before: evidence, pinnedSince: pinned) }
        ) {
            // Such a row has some kilobytes.
            try $0.pruneRawEvidence(before: evidence, pinnedSince: pinned, countMax: max / 5)
        }
        try steps(.refused) {
            try $0.pruneRefusedSummaries(
                before: evidence, pinnedSince: pinned, countMax: max / 5)
        }
        try steps(.pins) { try $0.prunePins(before: pinned, countMax: max) }
        try pruneRegistry(before: evidence)
    }

    package func steps(
        _ kind: Kind, while isDue: (Records) throws -> Bool = { _ in true },
        _ body: (Records) throws -> Int
    ) throws {
        while !isStopping {
            let start = MonotonicClock.milliseconds()
            guard try store.read(isDue) else { return }
            let count = try store.write(as: .background, body)
            guard count > 0 else { return }
            metrics.add("chot_collector_pruned_total", "what=\"\(kind.rawValue)\"", Int64(count))
            rest(since: start)
        }
    }

    private func pruneBlocks(before time: Timestamp, pinnedSince: Timestamp) throws {
        var id: Int64 = 0
        while !isStopping {
            let start = MonotonicClock.milliseconds()
            let found = try store.read { records in
                try records.oldBlock(before: time, after: id).map {
                    ($0, try records.pins($0, since: pinnedSince))
                }
            }
            guard let (block, pins) = found else { return }
            id = block.id
            // A block that can no longer be read stays while any of it is pinned.
            let texts = pins.isEmpty ? [:] : (try? EvidenceBlock.unpack(block.archive)) ?? [:]
            let deleted = try store.write(as: .background) {
                try $0.delete(block, pinned: texts, pinnedSince: pinnedSince)
            }
            if let deleted {
                metrics.add("chot_collector_pruned_total", "what=\"summaries\"", Int64(deleted))
            } else {
                metrics.add("chot_collector_retention_errors_total")
                Log.error(
                    "a block of cited evidence is damaged and stays; restore a backup to read it",
                    ["agent": block.agent, "epoch": block.epoch, "seq": block.seqs.lowerBound])
            }
            rest(since: start)
        }
    }
}
