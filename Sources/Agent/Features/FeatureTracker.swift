import Domain
import Platform
import Synchronization

/// What an interval tells besides its counts.
struct IntervalFeatures {
    var accounts = FeatureLines()
    /// What was left out: under `features` the attempts folded into `*other` or left out; under `sketch` the queries
    /// noted without a key of their day.
    var dropped: [String: Int64] = [:]
    /// The day's sketch, when it is due.
    var sketch: SystemSketch?
}

/// Computes the features by which detectors judge, from what the authorize endpoint sees, in bounded memory for each
/// account. Rhythm, peaks, active minutes, officers and sources come from every attempt that names an account;
/// subjects, birthplaces, runs and `MaDVC` come from allowed queries only, since only those saw somebody's data.
/// Subject numbers stay in memory (`SubjectRuns`) or are hashed under the key of the day. Without a key there are no
/// sketches, and `dropped.sketch` tells of how many queries.
///
/// The thread that answered a query calls `note`; other threads call the rest. One short mutex, with no I/O under it.
final class FeatureTracker: Sendable {
    fileprivate struct State {
        var hashes = DayHashes()
        var days = DaySketches()
        var runs = SubjectRuns()
        var runsDate: CalendarDate?
        var birthplaces: Birthplaces
        var unit: UnitCode
        var isRegistered: @Sendable (Login) -> Bool
        var unknown = UnknownNames(.features)
        var current: HourRecords?
        /// Hours that are over and not yet sealed.
        var finished: [HourRecords] = []
        var folded: Int64 = 0
        var unkeyed: Int64 = 0
    }

    /// The most hours between two seals. A clock that jumps through more costs features, not memory.
    static let hoursMax = 4

    private let state: Mutex<State>

    init(_ rules: GateRules, at now: Timestamp) {
        let unit = rules.policy.unit
        state = Mutex(
            State(
                birthplaces: Birthplaces(unit: unit), unit: unit,
                isRegistered: { rules.place(of: $0) != nil }))
        adopt(rules, at: now)
    }

    /// Takes the unit, the registered accounts and the keys of the day from a new policy.
    func adopt(_ rules: GateRules, at now: Timestamp) {
        let policy = rules.policy
        state.withLock { state in
            state.isRegistered = { rules.place(of: $0) != nil }
            if policy.unit != state.unit {
                state.unit = policy.unit
                state.birthplaces = Birthplaces(unit: policy.unit)
            }
            for date in state.hashes.adopt(policy.keys, today: now.date) {
                state.days.forget(date)
            }
        }
    }

    /// Continues the day's sketch of an earlier run, if it was made under the key that is held now.
    func resume(_ kept: KeptSketch) {
        state.withLock { state in
            guard state.hashes.mark(kept.sketch.date) == kept.keyMark else { return }
            state.days.resume(kept.sketch)
        }
    }

    /// Tells the key of a date apart from others; nil when the date has none.
    func keyMark(_ date: CalendarDate) -> UInt64? { state.withLock { $0.hashes.mark(date) } }

    // MARK: sightings

    func note(_ sighting: Sighting) {
        // A query that could not be read names nobody.
        guard sighting.login != .unknown else { return }
        state.withLock { $0.note(sighting) }
    }

    /// Drops keys and sketches of days that are over. Called about once a second.
    func forget(before now: Timestamp) {
        state.withLock { state in
            state.hashes.forget(before: now)
            state.days.forget(before: now)
        }
    }

    /// Called when the agent stops: the next interval tells the day's sketch, whenever it was told last.
    func hurry() { state.withLock { $0.days.isUrgent = true } }

    /// Takes what was seen since the last call, for the interval that is sealed now. Afterwards accounts that were
    /// not active take no memory. One thread calls it.
    func takeInterval(at now: Timestamp) -> IntervalFeatures {
        var (taken, hours) = state.withLock { state in
            state.finish()
            let hours = state.finished
            state.finished = []
            var taken = IntervalFeatures()
            let folded = hours.reduce(state.folded) { $0 + $1.folded }
            if folded > 0 { taken.dropped["features"] = folded }
            if state.unkeyed > 0 { taken.dropped["sketch"] = state.unkeyed }
            (state.folded, state.unkeyed) = (0, 0)
            taken.sketch = state.days.take(at: now)
            return (taken, hours)
        }
        // This runs outside the lock, since writing down thousands of accounts takes a while.
        while let hour = hours.popLast() { hour.write(to: &taken.accounts) }
        return taken
    }
}

extension FeatureTracker.State {
    fileprivate mutating func note(_ sighting: Sighting) {
        let hour = sighting.at.hourStart
        if current?.hour != hour {
            finish()
            // After a clock stepped back, an hour that is still kept continues.
            let known = finished.firstIndex { $0.hour == hour }
            current = known.map { finished.remove(at: $0) } ?? HourRecords(hour: hour)
        }
        guard
            let record = current?.note(sighting.login, at: sighting.at, isRegistered, &unknown)
        else { return }
        let isAllowed = sighting.verdict == .allow
        if isAllowed {
            record.noteAllowed()
            if !sighting.serviceUnit.isEmpty {
                record.noteServiceUnit(current?.number(ofServiceUnit: sighting.serviceUnit))
            }
            if !sighting.subject.isEmpty { noteSubject(sighting, record) }
        }
        noteHashes(sighting, record, isAllowed)
    }

    private mutating func noteSubject(_ sighting: Sighting, _ record: AccountRecord) {
        let date = sighting.at.date
        if runsDate != date {
            // The subjects of yesterday's queries do not stay in memory.
            runs = SubjectRuns()
            runsDate = date
        }
        let number = SubjectRuns.number(sighting.subject)
        record.note(birthplaces.place(number), number.flatMap { runs.note($0) })
    }

    private mutating func noteHashes(
        _ sighting: Sighting, _ record: AccountRecord, _ isAllowed: Bool
    ) {
        let hasSubject = isAllowed && !sighting.subject.isEmpty
        guard hasSubject || !sighting.source.isEmpty || !sighting.officer.isEmpty else { return }
        let date = sighting.at.date
        guard let key = hashes[date] else {
            unkeyed += 1
            return
        }
        if !sighting.officer.isEmpty, let officer = hashes.officer(sighting.officer, date) {
            record.sketches.note(officer: officer)
        }
        let source = sighting.source.isEmpty ? nil : hashes.source(sighting.source, date)
        if let source { record.sketches.note(source: source) }
        let subject = hasSubject ? key.hash(DayHashes.Kind.subject, sighting.subject) : nil
        if let subject { record.sketches.note(subject: subject) }
        guard source != nil || subject != nil else { return }
        days.note(date) { sketch in
            if let source { sketch.note(source: source) }
            if let subject { sketch.note(subject: subject) }
        }
    }

    /// Moves the hour that is over to those that wait for the seal.
    fileprivate mutating func finish() {
        guard let done = current else { return }
        current = nil
        if finished.count < FeatureTracker.hoursMax {
            finished.append(done)
        } else {
            folded += done.attempts
        }
    }
}
