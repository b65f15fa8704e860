import Domain

/// Decides every query from memory, in the order locks → registration → rates → quotas → allow.
///
/// Not thread-safe: its owner (`Checkpoint`) holds the lock. No I/O and no clock of its own. The rules:
/// R8 (registered accounts and services), R9 (rates), R1–R3 (registered volumes), R10 (the officer).
struct Gate {
    /// What became of a query and what must be written down about it.
    struct Decision {
        var refusal: Refusal?
        /// What rules noted without refusing: those that only observe or alert.
        var noted: [DenialReason] = []
        /// Thresholds crossed by this query.
        var breaches: [Breach] = []
        var window: WindowKind
        /// Whether the login stands in the registry: others are folded when there are too many.
        var isRegistered: Bool
    }

    private(set) var rules: GateRules
    private var tallies = Tallies()
    private var rates = Rates()
    /// The highest breach of each quota that was reported: each is told once. Of a few days.
    private var told: [Quota.ID: Int] = [:]
    private var toldDate: CalendarDate?
    private let trustsSources: Bool
    /// `offline.mode: closed` and out of contact for longer than the grace: since when.
    var closedSince: Timestamp?
    /// While it is in force rules note and refuse nothing.
    var bypass: BypassNote?

    /// `trustsSources`: client addresses come from configured proxies, so R9 may judge by them.
    init(rules: GateRules, trustsSources: Bool = false) {
        self.rules = rules
        self.trustsSources = trustsSources
    }

    mutating func decide(_ query: Query) -> Decision {
        let window = rules.policy.calendar.window(at: query.at)
        let account = rules.accounts[query.login]
        var decision = Decision(window: window.kind, isRegistered: account != nil)
        if let lock = rules.locks.first(binding: query) {
            decision.refusal = Refusal(
                verdict: .deny, reason: .lock, code: lock.id, message: lock.message)
            return decision
        }
        if let closedSince, bypass == nil, !rules.isEmergency(at: query.at) {
            decision.refusal = rules.closed(since: closedSince)
            return decision
        }
        judgeRegistration(query, account, window, &decision)
        if decision.refusal == nil, account != nil { judgeRate(query, &decision) }
        let ids = Quota.ID.all(query.login, query.service, window)
        for id in ids where decision.refusal == nil { judge(id, query, account, &decision) }
        if decision.refusal == nil {
            if let account { judgeOfficer(query, account, &decision) }
            tallies.add(1, to: ids)
        }
        return decision
    }

    // MARK: R8

    /// The account and the service must be registered for the system; nothing registered is
    /// unregistered (design 01, "Breach", T = 0).
    private func judgeRegistration(
        _ query: Query, _ account: Policy.RegisteredAccount?, _ window: Window,
        _ decision: inout Decision
    ) {
        let reason: DenialReason
        let service = rules.services[query.service]
        if account == nil || account?.perDay == 0 {
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
        let effect = rules.policy.setting(.r8).effect
        settle(effect, reason, &decision) { rules.unregistered(reason, query, window) }
    }

    private func isNoticed(_ query: Query, _ window: Window) -> Bool {
        let bounds = rules.policy.calendar.bounds(of: window)
        return rules.policy.notices.contains {
            $0.service == query.service && $0.perDay > 0
                && $0.hasBegun(in: bounds, of: window.date, at: query.at)
        }
    }

    // MARK: R9

    private mutating func judgeRate(_ query: Query, _ decision: inout Decision) {
        let setting = rules.policy.setting(.r9)
        guard setting.effect != .off, let limits = setting.rates,
            let excess = rates.take(query, limits, trustsSources: trustsSources)
        else { return }
        let refusal = rules.tooFast(query, excess, limits)
        settle(setting.effect, refusal.reason, &decision) { refusal }
    }

    // MARK: R1–R3

    /// At breach `lock_at` the query is refused, so exactly `lock_at` × T pass; a release moves that
    /// to its waiver's breach.
    private mutating func judge(
        _ id: Quota.ID, _ query: Query, _ account: Policy.RegisteredAccount?,
        _ decision: inout Decision
    ) {
        guard let registered = registered(id, account) else { return }
        let quota = rules.policy.quota(
            id, registered: registered, kind: account?.kind ?? .person, at: query.at)
        let used = tallies.count(id)
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
        // An account that a whole system shares is never locked automatically (design 01, "Words").
        guard k >= lockAt, quota.mayLock || !id.isAccount else { return }
        settle(quota.effect, id.denial, &decision) {
            rules.exhausted(quota, used: used, lockAt: lockAt)
        }
    }

    private func registered(_ id: Quota.ID, _ account: Policy.RegisteredAccount?) -> Int64? {
        switch id.subject {
        case .account: account?.perDay
        case .service(let service):
            id.rule == .r2
                ? rules.services[service]?.officePerDay : rules.services[service]?.offPerDay
        case .system: 0
        }
    }

    private mutating func forgetOldTold(_ date: CalendarDate) {
        guard toldDate != date else { return }
        toldDate = date
        told = told.filter { $0.key.date >= date.previous }
    }

    // MARK: R10

    /// The officer in the query is neither the CCCD nor the officer code registered for the account.
    private func judgeOfficer(
        _ query: Query, _ account: Policy.RegisteredAccount, _ decision: inout Decision
    ) {
        guard let officer = query.officer, !account.officers.isEmpty,
            rules.policy.setting(.r10).effect != .off, !account.officers.contains(officer)
        else { return }
        decision.noted.append(.r10)
    }

    /// A rule refuses only when its effect says so and the system enforces; else it is noted.
    private func settle(
        _ effect: Effect, _ reason: DenialReason, _ decision: inout Decision,
        refusal: () -> Refusal
    ) {
        let isRate = reason == .r9Account || reason == .r9Source || reason == .challenge
        let refuses = effect.refuses || (isRate && effect == .throttle)
        if refuses, bypass == nil, rules.policy.mode == .enforce {
            decision.refusal = refusal()
        } else if effect != .off {
            decision.noted.append(reason)
        }
    }

    // MARK: what comes from outside

    /// New locks, waivers or registration, from the collector.
    mutating func adopt(_ rules: GateRules) { self.rules = rules }

    /// Counts of other agents of this system.
    mutating func adoptOthers(_ counts: [Quota.ID: Int64]) { tallies.adoptOthers(counts) }

    /// Queries counted before a restart, in one clock hour.
    mutating func recall(_ login: Login, _ service: ServiceName, hour: Timestamp, allowed: Int64) {
        let window = rules.policy.calendar.window(at: hour)
        tallies.add(allowed, to: Quota.ID.all(login, service, window))
    }

    func count(_ id: Quota.ID) -> Int64 { tallies.count(id) }
}
