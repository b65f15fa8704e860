import Domain

/// Decides every query from memory, in the order locks → registration → quotas → allow.
///
/// Not thread-safe: its owner (`Checkpoint`) holds the lock. No I/O and no clock of its own. Rules: R8 (registered
/// accounts and services) and R1 (registered queries a day) of the letter, forms 3 and 4.
struct Gate {
    /// What became of a query and what must be written down about it.
    struct Decision {
        var refusal: Refusal?
        /// The rule that would have refused, where it only observes.
        var wouldRefuse: DenialReason?
        /// A threshold crossed by this query.
        var breach: Breach?
        var window: WindowKind
        /// Whether the login stands in the registry: others are folded when there are too many.
        var isRegistered: Bool
    }

    private(set) var rules: GateRules
    /// Allowed queries by day and login. Of a few days: a clock that steps back over 07:00 and forward
    /// again finds what was used.
    private var used: [CalendarDate: [Login: Int64]] = [:]
    private static let daysMax = 3
    private var today: CalendarDate?
    /// What the system's other agents used, told by the collector (design 07, `others`).
    private var othersToday: [Login: Int64] = [:]

    init(rules: GateRules) { self.rules = rules }

    mutating func decide(_ query: Query) -> Decision {
        let window = rules.policy.calendar.window(at: query.at)
        roll(to: window.date)
        let account = rules.accounts[query.login]
        var decision = Decision(window: window.kind, isRegistered: account != nil)
        if let lock = rules.locks.first(binding: query) {
            decision.refusal = Refusal(
                verdict: .deny, reason: .lock, code: lock.id, message: lock.message)
            return decision
        }
        if let refusal = registration(of: query, account: account) {
            settle(refusal, effect: rules.policy.setting(.r8).effect, in: &decision)
            if decision.refusal != nil { return decision }
        }
        if let account { judgeQuota(query, account, window.date, &decision) }
        if decision.refusal == nil {
            used[window.date, default: [:]][query.login, default: 0] += 1
        }
        return decision
    }

    /// R8: the account and the service must be registered for the system.
    private func registration(of query: Query, account: Policy.RegisteredAccount?) -> Refusal? {
        if account == nil || account?.perDay == 0 {
            return Refusal(
                verdict: .deny, reason: .r8Account, code: RuleID.r8.rawValue,
                message: MessageKey.refuseUnregisteredAccount.text(
                    rules.words([
                        "code": .same(RuleID.r8.rawValue),
                        "account": .same(shown(query.login.rawValue)),
                    ])))
        }
        guard rules.services[query.service] != nil else {
            return Refusal(
                verdict: .deny, reason: .r8Service, code: RuleID.r8.rawValue,
                message: MessageKey.refuseUnregisteredService.text(
                    rules.words([
                        "code": .same(RuleID.r8.rawValue),
                        "service_name": serviceName(query.service),
                    ])))
        }
        return nil
    }

    /// R1: the account's registered queries a day. At breach `lock_at` the query is refused, so exactly
    /// `lock_at` × T pass; a release moves that to its waiver's breach.
    private func judgeQuota(
        _ query: Query, _ account: Policy.RegisteredAccount, _ day: CalendarDate,
        _ decision: inout Decision
    ) {
        let setting = rules.policy.setting(.r1)
        guard setting.effect != .off else { return }
        let threshold = Threshold(registered: account.perDay)
        let used = self.used(query.login) + othersToday[query.login, default: 0]
        let k = threshold.breach(atQuery: used + 1)
        guard k >= min(setting.alertAt, setting.lockAt) else { return }
        let scope = Scope.account(query.login, rules.policy.system)
        let lockAt = max(
            setting.lockAt, rules.waived(.r1, scope, key: day.description) ?? setting.lockAt)
        if threshold.isFirst(ofBreach: k, query: used + 1) {
            decision.breach = Breach(
                rule: .r1, scope: scope, key: day.description, k: k, at: query.at, count: used,
                threshold: account.perDay)
        }
        // An account that a whole system shares is never locked automatically (design 01, "Words").
        guard k >= lockAt, account.kind == .person else { return }
        let end = rules.policy.calendar.bounds(ofDay: day).upperBound
        settle(
            Refusal(
                verdict: .deny, reason: .r1, code: RuleID.r1.rawValue,
                message: MessageKey.refuseQuotaAccount.text(
                    rules.words([
                        "code": .same(RuleID.r1.rawValue),
                        "account": .same(shown(query.login.rawValue)),
                        "count": .same(used), "lock_breach": .same(lockAt),
                        "threshold": .same(account.perDay), "until": until(end),
                    ]))),
            effect: setting.effect, in: &decision)
    }

    /// A rule refuses only when its effect says so and the system enforces; otherwise it is written down.
    private func settle(_ refusal: Refusal, effect: Effect, in decision: inout Decision) {
        if effect.refuses, rules.policy.mode == .enforce {
            decision.refusal = refusal
        } else if effect != .off, decision.wouldRefuse == nil {
            decision.wouldRefuse = refusal.reason
        }
    }

    /// New locks, waivers or registration, from the collector.
    mutating func adopt(_ rules: GateRules) { self.rules = rules }

    /// Counts of other agents of this system; they replace what was told before.
    mutating func adoptOthers(_ counts: [Login: Int64], day: CalendarDate) {
        guard day == today else { return }
        othersToday = counts
    }

    /// Queries counted before a restart.
    mutating func recall(_ login: Login, allowed: Int64, on day: CalendarDate, now: Timestamp) {
        roll(to: rules.policy.calendar.day(at: now))
        used[day, default: [:]][login, default: 0] += allowed
    }

    /// Allowed queries of the day to which the last query belonged.
    func used(_ login: Login) -> Int64 { today.flatMap { used[$0]?[login] } ?? 0 }

    private mutating func roll(to day: CalendarDate) {
        guard day != today else { return }
        today = day
        othersToday.removeAll()
        while used.count > Self.daysMax, let oldest = used.keys.filter({ $0 != day }).min() {
            used[oldest] = nil
        }
    }
}

/// The field's name of a service where the catalogue has one.
func serviceName(_ service: ServiceName) -> Localized {
    MessageKey(rawValue: "service.\(service.rawValue)")?.template ?? .same(shown(service.rawValue))
}

/// "đến 07:00 ngày 25/11/2026", or until a release notice.
func until(_ end: Timestamp?) -> Localized {
    guard let end else { return MessageKey.termUntilOpen.template }
    return MessageKey.termUntilTime.text([
        "time": .same(end.clock),
        "date": Localized(vi: end.date.vietnamese, en: end.date.description),
    ])
}
