import Domain

/// The refusals that rules give, in the words of the catalogue (docs/domain.md#rules).
extension GateRules {
    func unregistered(_ reason: DenialReason, _ query: Query, _ window: Window) -> Refusal {
        let key: MessageKey
        var words: [String: Localized] = ["code": .same(RuleID.r8.rawValue)]
        switch reason {
        case .r8Account:
            key = .refuseUnregisteredAccount
            words["account"] = .same(shown(query.login.rawValue))
        case .r8Off:
            key = .refuseUnregisteredOff
            words["service_name"] = serviceName(query.service)
            words["window_end"] = moment(policy.calendar.bounds(of: window).upperBound)
        default:
            key = .refuseUnregisteredService
            words["service_name"] = serviceName(query.service)
        }
        return Refusal(
            verdict: .deny, reason: reason, code: RuleID.r8.rawValue,
            message: key.text(self.words(words)))
    }

    func closed(since: Timestamp) -> Refusal {
        let minutes = offlineGraceMilliseconds / 60_000
        let grace =
            minutes % 60 == 0
            ? Localized(vi: "\(minutes / 60) giờ", en: "\(minutes / 60) h")
            : Localized(vi: "\(minutes) phút", en: "\(minutes) min")
        return Refusal(
            verdict: .deny, reason: .offline, code: "offline",
            message: MessageKey.refuseOfflineClosed.text(
                words(["code": .same("offline"), "since": moment(since), "grace": grace])))
    }

    func isEmergency(at now: Timestamp) -> Bool { policy.emergencyUntil.map { now < $0 } ?? false }

    /// Throttles first; whoever continues all the same is challenged, then denied.
    func tooFast(_ query: Query, _ excess: Rates.Excess, _ limits: RateSetting) -> Refusal {
        let reason: DenialReason = excess.isSource ? .r9Source : .r9Account
        let seconds = max(1, (excess.waitMilliseconds + 999) / 1000)
        func isReached(_ count: Int) -> Bool { count > 0 && excess.refusedInRow >= count }
        let words = words([
            "code": .same(RuleID.r9.rawValue), "account": .same(shown(query.login.rawValue)),
            "limit": .same(excess.rate.limit), "period": periodText(excess.rate.periodMilliseconds),
            "retry_after": .same(seconds),
        ])
        if isReached(limits.challengeAt), !isReached(limits.denyAt) {
            return Refusal(
                verdict: .challenge, reason: .challenge, code: RuleID.r9.rawValue,
                message: MessageKey.refuseChallenge.text(words))
        }
        let key: MessageKey = excess.isSource ? .refuseThrottledIp : .refuseThrottledAccount
        return Refusal(
            verdict: isReached(limits.denyAt) ? .deny : .throttle, reason: reason,
            code: RuleID.r9.rawValue, message: key.text(words), retryAfterSeconds: seconds)
    }

    func exhausted(_ quota: Quota, used: Int64, lockAt: Int) -> Refusal {
        let code = quota.id.rule.rawValue
        var words: [String: Localized] = [
            "code": .same(code), "count": .same(used), "lock_breach": .same(lockAt),
            "threshold": .same(quota.registered), "cap": .same(quota.registered),
            "until": until(quota.end), "window_end": moment(quota.end),
        ]
        let key: MessageKey
        switch (quota.id.rule, quota.id.subject) {
        case (.r1, .account(let login)):
            key = .refuseQuotaAccount
            words["account"] = .same(shown(login.rawValue))
        case (.r2, .service(let service)):
            key = .refuseQuotaService
            words["service_name"] = serviceName(service)
        case (_, .service(let service)):
            key = .refuseQuotaOff
            words["service_name"] = serviceName(service)
        default: key = .refuseQuotaOffcap
        }
        return Refusal(
            verdict: .deny, reason: quota.id.denial, code: code,
            message: key.text(self.words(words)))
    }
}
