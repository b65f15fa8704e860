import Domain

/// Decides every query from memory, in the order locks → registration → rates → quotas → allow.
///
/// Not thread-safe: its owner (`Checkpoint`) holds the lock. It does no I/O and has no clock of its own. It applies
/// R8 (registered accounts and services), R9 (rates), R1–R3 (registered volumes) and R10 (the officer).
struct Gate {
    /// What the Gate decided on a query, and what must be written down about it.
    struct Decision {
        var refusal: Refusal?
        /// What rules noted without refusing, because they only observe or alert.
        var noted: [DenialReason] = []
        /// The thresholds that this query crossed.
        var breaches: [Breach] = []
        var window: WindowKind
        /// The places of the account and the service in the rules; nil for a name that is not registered, which is
        /// folded when there are too many of them.
        var account: Int?
        var service: Int?
    }

    private(set) var rules: GateRules
    private var tallies = Tallies()
    private var rates = Rates()
    /// The highest breach of each quota that was told, over a few days, so that each breach is told once.
    private var told: [Quota.ID: Int] = [:]
    private var toldDate: CalendarDate?
    private let trustsSources: Bool
    /// Set while a query is judged that was answered already. `judgesVolumes` says whether its day's volumes are known.
    private var isAfterwards = false
    private var judgesVolumes = true
    /// The clock hour of the last query, and its window.
    private var hour: (start: Timestamp, window: Window)
    /// The last contact, once the silence is longer than the grace of `offline.mode: closed`; nil until then.
    var closedSince: Timestamp?
    /// While a bypass is in force, rules note and refuse nothing.
    var bypass: BypassNote?
    /// How much later locks end, because nobody vouched for that much of the time.
    var unsureMilliseconds: Int64 = 0

    /// `trustsSources`: client addresses come from configured proxies, so R9 may judge by them.
    init(rules: GateRules, trustsSources: Bool = false) {
        self.rules = rules
        self.trustsSources = trustsSources
        hour = (.init(milliseconds: .min / 2), Window(.off, CalendarDate(daysSinceEpoch: 0)))
    }

    mutating func decide(_ query: Query) -> Decision { judged(query) }

    /// Judges a query that was answered already, as a log tells: it is counted, and what would have refused it is
    /// noted. `judgesVolumes` is false for a query of another day, of which no counts are kept here.
    mutating func decideAfterwards(_ query: Query, judgesVolumes: Bool = true) -> Decision {
        isAfterwards = true
        self.judgesVolumes = judgesVolumes
        defer { (isAfterwards, self.judgesVolumes) = (false, true) }
        return judged(query)
    }

    private mutating func judged(_ query: Query) -> Decision {
        let window = window(at: query.at)
        let target = Target(
            login: query.login, serviceName: query.service, account: rules.place(of: query.login),
            service: rules.place(of: query.service), window: window)
        var decision = Decision(
            window: window.kind, account: target.account, service: target.service)
        let lock = rules.locks.first(binding: query, unsureMilliseconds: unsureMilliseconds)
        if isAfterwards {
            if lock != nil { decision.noted.append(.lock) }
        } else if let lock {
            decision.refusal = Refusal(
                verdict: .deny, reason: .lock, code: lock.id, message: lock.message)
            return decision
        }
        if let closedSince, bypass == nil, !isAfterwards, !rules.isEmergency(at: query.at) {
            decision.refusal = rules.closed(since: closedSince)
            return decision
        }
        judgeRegistration(query, target, &decision)
        if decision.refusal == nil, judgesVolumes, let account = target.account {
            judgeRate(query, account, &decision)
        }
        if judgesVolumes { judgeVolumes(query, target, &decision) }
        return decision
    }

    /// The window of a moment. Windows change at whole hours only, so the last one found is kept for its hour.
    private mutating func window(at now: Timestamp) -> Window {
        let into = now.milliseconds - hour.start.milliseconds
        guard 0..<Timestamp.millisecondsPerHour ~= into else {
            let window = rules.policy.calendar.window(at: now)
            hour = (now.hourStart, window)
            return window
        }
        return hour.window
    }

    // MARK: R8

    /// The account and the service must be registered for the system. When nothing is registered, every name counts
    /// as unregistered (docs/domain.md#r8).
    private func judgeRegistration(
        _ query: Query, _ target: Target, _ decision: inout Decision
    ) {
        let reason: DenialReason
        let window = target.window
        let service = target.service.map { rules.services[$0] }
        if (target.account.map { rules.accounts[$0].perDay } ?? 0) == 0 {
            reason = .r8Account
        } else if window.kind == .office, (service?.officePerDay ?? 0) == 0 {
            reason = .r8Service
        } else if service == nil {
            reason = .r8Service
        } else if window.kind == .off, service?.offPerDay == 0, !isNoticed(query, window) {
            reason = .r8Off
        } else {
            return
        }
        settle(rules.r8.effect, reason, &decision) { rules.unregistered(reason, query, window) }
    }

    private func isNoticed(_ query: Query, _ window: Window) -> Bool {
        let bounds = rules.policy.calendar.bounds(of: window)
        return rules.policy.notices.contains {
            $0.service == query.service && $0.perDay > 0
                && $0.hasBegun(in: bounds, of: window.date, at: query.at)
        }
    }

    // MARK: R9

    private mutating func judgeRate(
        _ query: Query, _ account: Int, _ decision: inout Decision
    ) {
        guard rules.r9.effect != .off, let limits = rules.r9.rates,
            let excess = rates.take(query, account, limits, trustsSources: trustsSources)
        else { return }
        let refusal = rules.tooFast(query, excess, limits)
        settle(rules.r9.effect, refusal.reason, &decision) { refusal }
    }

    // MARK: R1–R3

    /// Judges the volumes towards which the query counts, and counts it when nothing refused it.
    private mutating func judgeVolumes(
        _ query: Query, _ target: Target, _ decision: inout Decision
    ) {
        guard decision.refusal == nil else { return }
        let place = tallies.place(of: target.window.date, rules)
        if let account = target.account {
            let registered = rules.accounts[account].perDay
            let used = tallies.days[place].accounts[account]
            if isNear(used, registered) {
                judge(target.accountID, query, target.account, registered, &decision)
            }
        }
        if let service = target.service {
            let isOffice = target.window.kind == .office
            let volumes = rules.services[service]
            let registered = isOffice ? volumes.officePerDay : volumes.offPerDay
            let day = tallies.days[place]
            if isNear(isOffice ? day.office[service] : day.off[service], registered) {
                judge(target.serviceID, query, target.account, registered, &decision)
            }
        }
        if target.window.kind == .off, isNear(tallies.days[place].cap, rules.r3.cap) {
            judge(target.capID, query, target.account, 0, &decision)
        }
        guard decision.refusal == nil else { return }
        if let account = target.account { judgeOfficer(query, account, &decision) }
        tallies.add(1, target, inDay: place)
    }

    /// Whether the next query may be a breach. Most are not, and need no closer look. Allowances and notices only
    /// ever raise what is registered.
    private func isNear(_ used: Int64, _ registered: Int64) -> Bool {
        used >= registered || tallies.hasOthers
    }

    /// At breach `lock_at` the query is refused, so exactly `lock_at` × T pass; a release moves that to its waiver's
    /// breach.
    private mutating func judge(
        _ id: Quota.ID, _ query: Query, _ account: Int?, _ registered: Int64,
        _ decision: inout Decision
    ) {
        guard decision.refusal == nil else { return }
        let kind = account.map { rules.accounts[$0].kind } ?? .person
        let quota = rules.policy.quota(id, registered: registered, kind: kind, at: query.at)
        let used = tallies.count(id, rules)
        let k = quota.threshold.breach(atQuery: used + 1)
        guard quota.effect != .off, k >= min(quota.alertAt, quota.lockAt) else { return }
        let lockAt = max(quota.lockAt, rules.waived(id) ?? quota.lockAt)
        if k > told[id] ?? 0 {
            forgetOldTold(id.date)
            told[id] = k
            decision.breaches.append(
                Breach(
                    rule: id.rule, scope: id.scope(in: rules.policy.system), key: id.key, k: k,
                    at: query.at, count: used, threshold: quota.registered))
        }
        // An account that a whole system shares is never locked automatically (docs/domain.md#r1).
        guard k >= lockAt, quota.mayLock || !id.isAccount else { return }
        settle(quota.effect, id.denial, &decision) {
            rules.exhausted(quota, used: used, lockAt: lockAt)
        }
    }

    private mutating func forgetOldTold(_ date: CalendarDate) {
        guard toldDate != date else { return }
        toldDate = date
        // Only the days that `Tallies` may hold are kept, so that a clock that was far ahead for a while makes none
        // be told again.
        let dates = Set(told.keys.map(\.date)).sorted().suffix(Tallies.daysMax)
        told = told.filter { dates.contains($0.key.date) }
    }

    // MARK: R10

    /// Notes R10 when the officer in the query is neither the CCCD nor the officer code registered for the account.
    private func judgeOfficer(
        _ query: Query, _ account: Int, _ decision: inout Decision
    ) {
        guard let officer = query.officer, rules.r10.effect != .off else { return }
        let officers = rules.accounts[account].officers
        guard !officers.isEmpty, !officers.contains(officer) else { return }
        decision.noted.append(.r10)
    }

    /// A rule refuses only when its effect says so and the system enforces; otherwise its finding is noted.
    private func settle(
        _ effect: Effect, _ reason: DenialReason, _ decision: inout Decision,
        refusal: () -> Refusal
    ) {
        let isRate = reason == .r9Account || reason == .r9Source || reason == .challenge
        let refuses = effect.refuses || (isRate && effect == .throttle)
        if refuses, bypass == nil, !isAfterwards, rules.policy.mode == .enforce {
            decision.refusal = refusal()
        } else if effect != .off {
            decision.noted.append(reason)
        }
    }

    // MARK: what comes from outside

    /// Takes new locks, waivers or registrations from the collector.
    mutating func adopt(_ rules: GateRules) {
        tallies.move(from: self.rules, to: rules)
        rates.move(from: self.rules, to: rules)
        self.rules = rules
        hour.start = .init(milliseconds: .min / 2)
    }

    /// Takes the counts of this system's other agents.
    mutating func adoptOthers(_ counts: [Quota.ID: Int64]) { tallies.adoptOthers(counts) }

    /// Takes back the queries that were counted in one clock hour before a restart.
    mutating func recall(_ login: Login, _ service: ServiceName, hour: Timestamp, allowed: Int64) {
        let window = rules.policy.calendar.window(at: hour)
        let target = Target(
            login: login, serviceName: service, account: rules.place(of: login),
            service: rules.place(of: service), window: window)
        tallies.add(allowed, target, inDay: tallies.place(of: window.date, rules))
    }

    /// What was counted towards the day and the window of a moment.
    func usage(at now: Timestamp) -> GateUsage {
        let window = rules.policy.calendar.window(at: now)
        return GateUsage(
            rules: rules, window: window,
            day: tallies.days.first { $0.date == window.date }, others: tallies.allOthers)
    }

    /// Takes back a breach that was told before a restart.
    mutating func recall(told id: Quota.ID, k: Int) { told[id] = max(told[id] ?? 0, k) }

    func count(_ id: Quota.ID) -> Int64 { tallies.count(id, rules) }
}
