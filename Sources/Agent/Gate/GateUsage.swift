import Domain

/// The state of the Gate at one moment.
struct GateSnapshot: Sendable {
    let usage: GateUsage
    let totals: Checkpoint.Totals
    let closedSince: Timestamp?
    let bypass: BypassNote?
}

/// What was counted towards the registered volumes of one day and window.
struct GateUsage: Sendable {
    let rules: GateRules
    let window: Window
    let day: Tallies.Day?
    let others: [Quota.ID: Int64]

    /// One registered volume and how much of it is used by this agent and, where they passed half of it, by the
    /// system's other agents.
    struct Line: Sendable {
        let quota: Quota
        let used: Int64

        /// The used share of the registered volume; more than 1 beyond it.
        var share: Double { Double(used) / Double(max(1, quota.registered)) }
    }

    /// The accounts with any query in the day, those nearest to their volume first.
    func accounts(at now: Timestamp) -> [Line] {
        lines(rules.accounts.indices, at: now) { index, day in
            let account = rules.accounts[index]
            return (
                Quota.ID(.r1, .account(account.login), window.date), day.accounts[index],
                account.perDay, account.kind
            )
        }
    }

    /// The services in the present window.
    func services(at now: Timestamp) -> [Line] {
        let isOffice = window.kind == .office
        return lines(rules.services.indices, at: now) { index, day in
            let service = rules.services[index]
            return (
                Quota.ID(isOffice ? .r2 : .r3, .service(service.service), window.date),
                isOffice ? day.office[index] : day.off[index],
                isOffice ? service.officePerDay : service.offPerDay, .person
            )
        }
    }

    /// The whole system against its cap in off hours; nil in office hours.
    func cap(at now: Timestamp) -> Line? {
        guard window.kind == .off else { return nil }
        let id = Quota.ID(.r3, .system, window.date)
        return Line(
            quota: rules.policy.quota(id, registered: 0, at: now),
            used: (day?.cap ?? 0) + (others[id] ?? 0))
    }

    private func lines(
        _ places: Range<Int>, at now: Timestamp,
        _ read: (Int, Tallies.Day) -> (Quota.ID, Int64, Int64, Policy.RegisteredAccount.Kind)
    ) -> [Line] {
        guard let day else { return [] }
        return places.compactMap { place -> Line? in
            let (id, own, registered, kind) = read(place, day)
            let used = own + (others.isEmpty ? 0 : others[id] ?? 0)
            guard used > 0 else { return nil }
            return Line(
                quota: rules.policy.quota(id, registered: registered, kind: kind, at: now),
                used: used)
        }.sorted { ($0.share, $0.used) > ($1.share, $1.used) }
    }
}
