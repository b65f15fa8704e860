import CollectorValues
import Domain
import Platform
import Synchronization
import Wire

/// The time by which the collector works (docs/decisions/0017): its machine's clock, unless that was moved by more than
/// five minutes or its agents testify against it (`Witnesses`).
///
/// A clock that was moved, or that nobody has vouched for since the machine or the collector was down, is *doubted*.
/// Time then goes on by a clock that nobody can set. `certain`, by which locks end and data is deleted, stands still
/// until the agents agree or staff decide. Thread-safe. `now` never waits: it reads one number.
package final class CentreClock: Sendable {
    /// Why the clock is doubted.
    package enum Doubt: Equatable, Sendable {
        /// It was down so long, by its own clock, that nobody can tell whether that is true.
        case start
        /// The machine's clock was moved by this many milliseconds.
        case moved(Int64)
        /// The agents of several units agree on another time, this many milliseconds away.
        case contradicted(Int64)

        package var milliseconds: Int64 {
            switch self {
            case .start: 0
            case .moved(let span), .contradicted(let span): span
            }
        }
    }

    /// What `look` found.
    package enum Event: Equatable, Sendable {
        case doubted(Doubt)
        /// Settled by the agents of this many units. 0 means by staff, or that the clock came back by itself to what
        /// agents had said.
        case settled(units: Int)
    }

    private struct State {
        var judge: ClockJudge
        var witnesses = Witnesses()
        var doubt: Doubt?
        /// The certain time when the doubt began.
        var certain: Int64
        /// Staff vouched for the machine's clock. Agents that contradict do not outrank them until it is moved again.
        var isVouched = false
        var savedBoot: Int64
        var judgedBoot: Int64
    }

    /// This many units must agree, or all if there are fewer.
    static let unitsMin = 3
    private static let saveEveryMilliseconds: Int64 = 30_000
    private static let judgeEveryMilliseconds: Int64 = 10_000

    private let folder: String
    private let bootID: String
    private let read: @Sendable () -> ClockJudge.Reading
    private let base: Atomic<Int64>
    private let state: Mutex<State>

    static let readMachine: @Sendable () -> ClockJudge.Reading = {
        if let simulated = NationalTime.simulatedMachine { return simulated() }
        if let now = NationalTime.simulated?().milliseconds { return .init(wall: now, boot: now) }
        return .init(wall: WallClock.milliseconds(), boot: BootClock.milliseconds())
    }

    /// Continues with what an earlier process kept in `folder`. `past` is the latest time in the database; nil if there
    /// is none. `hasWitnesses` says whether any agent is enrolled; if not, nobody can be asked, and nothing depends on
    /// it.
    package init(
        folder: String, past: Timestamp?, hasWitnesses: Bool, bootID: String = BootClock.bootID(),
        read: @escaping @Sendable () -> ClockJudge.Reading = CentreClock.readMachine
    ) {
        self.folder = folder
        self.bootID = bootID
        self.read = read
        let now = read()
        let known = past?.milliseconds ?? 0
        var begin: State
        if let record = ClockRecord.load(folder) {
            let isSameBoot = !bootID.isEmpty && record.bootID == bootID && record.boot <= now.boot
            let judge = ClockJudge(
                now, past: .init(certain: known, seen: known),
                record: isSameBoot ? record.goingOn : record, isSameBoot: isSameBoot)
            begin = State(
                judge: judge, certain: max(known, record.certain), savedBoot: now.boot,
                judgedBoot: now.boot)
            begin.doubt = Self.doubt(at: now, record, judge, isSameBoot: isSameBoot)
        } else {
            let judge = ClockJudge(now, past: .init(certain: known, seen: known))
            begin = State(
                judge: judge, certain: known, savedBoot: now.boot, judgedBoot: now.boot)
            begin.doubt =
                judge.trust == .unproven ? .start : .moved(judge.errorMilliseconds)
        }
        if begin.doubt == nil || (!hasWitnesses && begin.doubt == .start) {
            begin.doubt = nil
            begin.judge.prove(begin.judge.base + now.boot, at: now, isExact: true)
        }
        base = Atomic(begin.judge.base)
        state = Mutex(begin)
    }

    private static func doubt(
        at now: ClockJudge.Reading, _ record: ClockRecord, _ judge: ClockJudge, isSameBoot: Bool
    ) -> Doubt? {
        let limit = ClockJudge.toleranceMilliseconds
        if isSameBoot {
            let moved = (now.wall - now.boot) - (record.seen - record.boot)
            if abs(moved) > limit { return .moved(moved) }
        }
        if judge.trust == .behind || judge.trust == .wrong {
            return .moved(judge.errorMilliseconds)
        }
        return now.wall - record.seen > limit || !(isSameBoot && record.isProven) ? .start : nil
    }

    package func now() -> Timestamp {
        let time = read().boot + base.load(ordering: .relaxed)
        let most = ClockJudge.timeMax
        return Timestamp(
            milliseconds: min(max(time, ClockJudge.plausible.lowerBound), most))
    }

    /// The time that has passed for certain: nothing ends, and nothing is deleted for its age, by a later time. It
    /// stands still while the clock is doubted.
    package var certain: Timestamp {
        state.withLock { state in
            Timestamp(milliseconds: Self.certain(state, at: read()))
        }
    }

    private static func certain(_ state: State, at now: ClockJudge.Reading) -> Int64 {
        guard state.doubt == nil else { return state.certain }
        return now.boot + state.judge.base - state.judge.unsureMilliseconds
    }

    package var doubt: Doubt? { state.withLock { $0.doubt } }
    package var isDoubted: Bool { doubt != nil }

    /// The machine's clock minus the time in use, in milliseconds.
    package var errorMilliseconds: Int64 {
        state.withLock { state in
            let now = read()
            return now.wall - now.boot - state.judge.base
        }
    }

    // MARK: witnesses

    /// Hears an agent's token, which says what the agent takes for the collector's time, in seconds since 1970.
    package func hear(tokenSeconds seconds: Int64, of agent: AgentID) {
        let (time, isOver) = seconds.multipliedReportingOverflow(by: 1000)
        guard !isOver, Timestamp(milliseconds: time).isPlausible else { return }
        state.withLock { $0.witnesses.hear(token: time, of: agent, at: read().boot) }
    }

    /// Notes that a token was accepted, because it fitted the time in use. While that time is in doubt, this proves
    /// nothing.
    package func took(tokenSeconds seconds: Int64, of agent: AgentID) {
        state.withLock { state in
            guard state.doubt == nil else { return }
            state.witnesses.took(token: seconds.multiplied(by: 1000), of: agent)
        }
    }

    /// The time in milliseconds that an agent's last accepted token claims; nil if none was accepted since it was
    /// enrolled.
    package func lastToken(of agent: AgentID) -> Int64? {
        state.withLock { $0.witnesses.taken[agent] }
    }

    /// Takes over the tokens that an earlier process accepted.
    package func know(tokens: [AgentID: Int64]) {
        state.withLock { state in
            for (agent, time) in tokens { state.witnesses.took(token: time, of: agent) }
        }
    }

    /// Forgets an agent whose key was revoked.
    package func drop(_ agent: AgentID) { state.withLock { $0.witnesses.drop(agent) } }

    /// Hears a summary that was sealed a moment ago, which says how far the clock of the agent's machine is from ours.
    package func hear(offset milliseconds: Int64, of agent: AgentID) {
        let machine = now().milliseconds.subtractingReportingOverflow(milliseconds)
        guard !machine.overflow, Timestamp(milliseconds: machine.partialValue).isPlausible else {
            return
        }
        state.withLock {
            $0.witnesses.hear(machine: machine.partialValue, of: agent, at: read().boot)
        }
    }

    /// Looks at the machine's clock and hears the witnesses. `units` returns how many units have agents. Must be called
    /// once a second, always by the same thread.
    package func look(units: () throws -> Int) rethrows -> Event? {
        let now = read()
        let begun = state.withLock { state -> Event? in
            let certain = Self.certain(state, at: now)
            let before = state.judge.base
            guard state.judge.look(now) else { return nil }
            state.isVouched = false
            state.witnesses.forget()
            // A clock that came back to the time in use, which agents had confirmed, is right again.
            let moved = now.wall - now.boot - before
            guard abs(moved) > ClockJudge.toleranceMilliseconds || state.doubt != nil else {
                base.store(state.judge.base, ordering: .relaxed)
                return .settled(units: 0)
            }
            return begin(.moved(moved), certain, &state)
        }
        if let begun {
            save()
            return begun
        }
        let isDue = state.withLock { state in
            let isDue =
                state.doubt != nil || now.boot - state.judgedBoot >= Self.judgeEveryMilliseconds
            if isDue { state.judgedBoot = now.boot }
            return isDue
        }
        guard isDue else { return nil }
        let event = judge(try units(), at: now)
        let isSaveDue = state.withLock { state in
            guard event != nil || now.boot - state.savedBoot >= Self.saveEveryMilliseconds else {
                return false
            }
            state.savedBoot = now.boot
            return true
        }
        if isSaveDue { save() }
        return event
    }

    private func begin(_ doubt: Doubt, _ certain: Int64, _ state: inout State) -> Event {
        if state.doubt == nil { state.certain = certain }
        state.doubt = doubt
        base.store(state.judge.base, ordering: .relaxed)
        return .doubted(doubt)
    }

    private func judge(_ units: Int, at now: ClockJudge.Reading) -> Event? {
        state.withLock { state in
            let least = max(1, min(Self.unitsMin, units))
            guard let verdict = state.witnesses.verdict(at: now.boot, least: least) else {
                return nil
            }
            let away = verdict.base - state.judge.base
            let isAgreed = abs(away) <= ClockJudge.toleranceMilliseconds / 2
            if state.doubt == nil, !isAgreed {
                guard abs(away) > ClockJudge.toleranceMilliseconds, !state.isVouched,
                    verdict.units >= Self.unitsMin
                else { return nil }
                return begin(.contradicted(away), Self.certain(state, at: now), &state)
            }
            // The time in use stays the same to the millisecond if the witnesses do not contradict it.
            let agreed = isAgreed ? state.judge.base : verdict.base
            state.judge.prove(agreed + now.boot, at: now, isExact: true)
            state.witnesses.trim(after: agreed + now.boot)
            base.store(state.judge.base, ordering: .relaxed)
            guard state.doubt != nil else { return nil }
            state.doubt = nil
            return .settled(units: verdict.units)
        }
    }

    /// Staff vouch for the machine's clock. Returns nil if it shows a time that no honest clock shows.
    package func vouch() -> Event? {
        let now = read()
        guard (ClockJudge.plausible.lowerBound...ClockJudge.timeMax).contains(now.wall) else {
            return nil
        }
        state.withLock { state in
            state.judge.prove(now.wall, at: now, isExact: true)
            state.witnesses.trim(after: now.wall)
            state.doubt = nil
            state.isVouched = true
            base.store(state.judge.base, ordering: .relaxed)
        }
        save()
        return .settled(units: 0)
    }

    /// Saves the state for the next process. If the disk is full, the former record stays, and a restart asks the
    /// witnesses anew.
    package func save() {
        let record = state.withLock { state in
            let now = read()
            let kept = state.judge.record(now, bootID: bootID)
            // What is doubted must not be proven to the next process.
            return ClockRecord(
                bootID: bootID, boot: now.boot, wall: now.wall, seen: kept.seen,
                certain: state.doubt == nil ? kept.certain : state.certain,
                isProven: state.doubt == nil, trust: kept.trust, doubted: kept.doubted)
        }
        guard Timestamp(milliseconds: record.certain).isPlausible else { return }
        do { try record.save(folder) } catch {
            Log.error("cannot keep what is known of the time; it is tried again", ["error": error])
        }
    }
}

extension ClockRecord {
    /// The record of the time in use for the same run of the machine, doubted or not.
    fileprivate var goingOn: ClockRecord {
        ClockRecord(
            bootID: bootID, boot: boot, wall: wall, seen: seen, certain: seen, isProven: true,
            trust: trust, doubted: doubted)
    }
}
