import Domain
import Platform
import Synchronization

/// The time by which the agent counts and judges. It follows the machine's clock as long as that is not plainly wrong
/// (`ClockJudge`, docs/decisions/0013). All systems behind an agent share one.
///
/// Thread-safe. `now` reads the time since boot and one atomic number: no lock, no system call. The main thread calls
/// `look` twice a second.
final class TrustedClock: Sendable {
    private struct State {
        var judge: ClockJudge
        var savedBoot: Int64
    }

    private static let saveEveryMilliseconds: Int64 = 30_000

    private let folder: String
    private let bootID: String
    private let hasRecord: Bool
    private let read: @Sendable () -> ClockJudge.Reading
    private let base: Atomic<Int64>
    private let state: Mutex<State>

    /// Continues from what an earlier process kept in `folder`.
    init(
        folder: String, bootID: String = BootClock.bootID(),
        read: @escaping @Sendable () -> ClockJudge.Reading = TrustedClock.readMachine
    ) {
        self.folder = folder
        self.bootID = bootID
        self.read = read
        let now = read()
        let nothing = ClockJudge.Past(certain: 0, seen: 0)
        let judge: ClockJudge
        let record = ClockRecord.load(folder)
        hasRecord = record != nil
        if let record {
            let isSameBoot =
                !bootID.isEmpty && record.bootID == bootID && record.boot <= now.boot
            judge = ClockJudge(now, past: nothing, record: record, isSameBoot: isSameBoot)
        } else {
            judge = ClockJudge(now, past: nothing)
        }
        base = Atomic(judge.base)
        state = Mutex(State(judge: judge, savedBoot: now.boot))
        Self.tell(judge, after: .unproven)
    }

    static let readMachine: @Sendable () -> ClockJudge.Reading = {
        ClockJudge.Reading(wall: WallClock.milliseconds(), boot: BootClock.milliseconds())
    }

    func now() -> Timestamp {
        let time = read().boot + base.load(ordering: .relaxed)
        return Timestamp(
            milliseconds: min(max(time, ClockJudge.plausible.lowerBound), ClockJudge.timeMax))
    }

    /// Takes in what a state folder tells. `certain` is the latest time that the collector has signed. `lastInterval`
    /// is the end of what was counted: the time continues from there if the machine's clock is wrong by itself and
    /// nothing better was kept.
    func learn(certain: Timestamp, lastInterval: Timestamp) {
        guard certain.isPlausible else { return }
        let seen = hasRecord || !lastInterval.isPlausible ? certain : max(certain, lastInterval)
        change { judge, now in
            judge.learn(
                .init(certain: certain.milliseconds, seen: seen.milliseconds), at: now)
        }
    }

    /// Looks at the machine's clock. Returns true when somebody has set it since the last look.
    @discardableResult
    func look() -> Bool {
        let isStep = change { judge, now in judge.look(now) }
        if isStep {
            Log.warning(
                "the machine's clock was set", ["time_used": now(), "trust": trust.rawValue])
        }
        let isSaveDue = state.withLock { state in
            let now = read().boot
            guard isStep || now - state.savedBoot >= Self.saveEveryMilliseconds else {
                return false
            }
            state.savedBoot = now
            return true
        }
        if isSaveDue { save() }
        return isStep
    }

    /// Takes in the collector's time, just heard; nil when the collector took a token of ours, so that its time is
    /// about the one we sent. Returns false, and proves nothing, for a time that no honest clock shows or at which the
    /// certificate of the connection is not valid. `certificate` is in seconds since 1970, nil where it is not known.
    @discardableResult
    func prove(_ time: Timestamp? = nil, within certificate: ClosedRange<Int64>? = nil) -> Bool {
        change { judge, now in
            let told = time?.milliseconds ?? now.boot + judge.collectorBase
            guard ClockJudge.plausible.contains(told),
                certificate?.contains(told / 1000) ?? true
            else { return false }
            judge.prove(told, at: now, isExact: time != nil)
            return true
        }
    }

    @discardableResult
    private func change<T>(_ body: (inout ClockJudge, ClockJudge.Reading) -> T) -> T {
        let (value, former, judge) = state.withLock { state in
            let former = state.judge.trust
            let value = body(&state.judge, read())
            base.store(state.judge.base, ordering: .relaxed)
            return (value, former, state.judge)
        }
        if former != judge.trust {
            Self.tell(judge, after: former)
            save()
        }
        return value
    }

    /// Keeps what is known. On a full disk the former record stays, and a restart knows a little less.
    func save() {
        // As long as nothing is known of the time, there is nothing to keep.
        let record = state.withLock { $0.judge.record(read(), bootID: bootID) }
        guard Timestamp(milliseconds: record.certain).isPlausible else { return }
        do {
            try record.save(folder)
        } catch {
            Log.error("cannot keep what is known of the time; it is tried again", ["error": error])
        }
    }

    private static func tell(_ judge: ClockJudge, after former: ClockJudge.Trust) {
        let error = judge.errorMilliseconds / 1000
        switch judge.trust {
        case .wrong:
            Log.error(
                "the machine's clock is wrong; the collector's time is used for counting",
                ["error_s": error])
        case .behind:
            Log.error(
                "the machine's clock lies before what is past; the last known time goes on until the collector answers",
                ["error_s": error])
        case .proven where former == .wrong || former == .behind:
            Log.notice("the machine's clock agrees with the collector's again")
        case .unproven where former == .behind:
            Log.notice("the machine's clock is believed again until the collector answers")
        case .proven, .unproven: break
        }
    }
}

/// What the rest of the agent asks of the clock.
extension TrustedClock {
    var trust: ClockJudge.Trust { state.withLock { $0.judge.trust } }

    /// The machine's clock minus the time that is used; 0 while the machine's clock itself is used.
    var errorMilliseconds: Int64 { state.withLock { $0.judge.errorMilliseconds } }

    /// How much later than by `now` locks end, so that a clock that nobody vouched for ends none.
    var unsureMilliseconds: Int64 { state.withLock { $0.judge.unsureMilliseconds } }

    /// The time that has certainly passed. Nothing is deleted for its age by any later time.
    var sureNow: Timestamp { now().advanced(byMilliseconds: -unsureMilliseconds) }

    /// The times of `ClockJudge.certificateTimes`, in milliseconds since 1970.
    var certificateTimes: [Int64] {
        state.withLock { $0.judge.certificateTimes(read()) }
    }

    /// The time that requests to the collector bear, in milliseconds since 1970.
    var collectorNow: Int64 { state.withLock { read().boot + $0.judge.collectorBase } }

    /// The collector's clock minus the machine's, in milliseconds; nil until the collector has told its time.
    var offset: Int64? { state.withLock { $0.judge.offset(read()) } }
}
