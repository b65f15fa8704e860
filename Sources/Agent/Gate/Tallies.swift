import Domain

/// The allowed queries towards each quota: this agent's own, and those of the system's other agents as the collector
/// told them. A few days are kept, so that a clock that steps over a boundary and back, or was far ahead for a while,
/// forgets nothing.
///
/// Counts of registered names stand in arrays, by their places in the rules, so that a query needs no look-up by name.
struct Tallies {
    static let daysMax = 6
    /// The most unregistered names a day. They have no volume; they are kept in case they get one before the day is
    /// over. They are bounded because anybody can make up millions.
    static let unregisteredMax = 4096

    /// What was counted towards the quotas of one day and its two windows.
    struct Day {
        let date: CalendarDate
        var accounts: [Int64]
        /// By service; the off window follows in `off`.
        var office: [Int64]
        var off: [Int64]
        /// The off window of the whole system.
        var cap: Int64 = 0
        /// Queries of unregistered names, which a system that only observes lets pass.
        var unregistered: [Quota.ID: Int64] = [:]

        mutating func add(_ count: Int64, unregistered id: Quota.ID) {
            guard unregistered.count < unregisteredMax || unregistered[id] != nil else { return }
            unregistered[id, default: 0] += count
        }
    }

    private(set) var days: [Day] = []
    private var others: [Quota.ID: Int64] = [:]

    /// The allowed queries of this agent and of the others.
    func count(_ id: Quota.ID, _ rules: GateRules) -> Int64 {
        var count = others.isEmpty ? 0 : others[id] ?? 0
        guard let day = days.first(where: { $0.date == id.date }) else { return count }
        switch id.subject {
        case .account(let login):
            count += rules.place(of: login).map { day.accounts[$0] } ?? day.unregistered[id] ?? 0
        case .service(let service):
            let counts = id.rule == .r2 ? day.office : day.off
            count += rules.place(of: service).map { counts[$0] } ?? day.unregistered[id] ?? 0
        case .system: count += day.cap
        }
        return count
    }

    var allOthers: [Quota.ID: Int64] { others }
    var hasOthers: Bool { !others.isEmpty }
    func ofOthers(_ id: Quota.ID) -> Int64 { others[id] ?? 0 }

    /// The index of a day's counts in `days`; makes room for them if need be.
    mutating func place(of date: CalendarDate, _ rules: GateRules) -> Int {
        if let place = days.firstIndex(where: { $0.date == date }) { return place }
        while days.count >= Self.daysMax,
            let oldest = days.indices.min(by: { days[$0].date < days[$1].date }),
            days[oldest].date < date
        {
            days.remove(at: oldest)
        }
        let none = [Int64](repeating: 0, count: rules.services.count)
        days.append(
            Day(
                date: date, accounts: [Int64](repeating: 0, count: rules.accounts.count),
                office: none, off: none))
        return days.count - 1
    }

    mutating func add(_ count: Int64, _ target: Target, inDay place: Int) {
        if let account = target.account {
            days[place].accounts[account] += count
        } else {
            days[place].add(count, unregistered: target.accountID)
        }
        if let service = target.service {
            switch target.window.kind {
            case .office: days[place].office[service] += count
            case .off: days[place].off[service] += count
            }
        } else {
            days[place].add(count, unregistered: target.serviceID)
        }
        if target.window.kind == .off { days[place].cap += count }
    }

    /// Replaces what was told of the quotas of `counts`, and drops those of past days.
    mutating func adoptOthers(_ counts: [Quota.ID: Int64]) {
        let last = counts.keys.map(\.date).max()
        others = others.filter { id, _ in last.map { id.date >= $0.previous } ?? true }
        others.merge(counts) { _, new in new }
    }

    /// Moves the same counts to the places of other rules.
    mutating func move(from old: GateRules, to new: GateRules) {
        let former = days
        days = []
        for day in former {
            let place = place(of: day.date, new)
            days[place].cap = day.cap
            func carry(_ id: Quota.ID, _ count: Int64, _ days: inout [Day]) {
                switch id.subject {
                case .account(let login):
                    if let at = new.place(of: login) {
                        days[place].accounts[at] += count
                        return
                    }
                case .service(let service):
                    if let at = new.place(of: service) {
                        if id.rule == .r2 {
                            days[place].office[at] += count
                        } else {
                            days[place].off[at] += count
                        }
                        return
                    }
                case .system: return
                }
                days[place].add(count, unregistered: id)
            }
            for (at, count) in day.accounts.enumerated() where count > 0 {
                carry(Quota.ID(.r1, .account(old.accounts[at].login), day.date), count, &days)
            }
            for (at, service) in old.services.enumerated() {
                let subject = Quota.ID.Subject.service(service.service)
                if day.office[at] > 0 {
                    carry(Quota.ID(.r2, subject, day.date), day.office[at], &days)
                }
                if day.off[at] > 0 { carry(Quota.ID(.r3, subject, day.date), day.off[at], &days) }
            }
            for (id, count) in day.unregistered { carry(id, count, &days) }
        }
    }
}

/// What one query counts towards, with the places of its names in the rules; nil for a name that is not registered.
struct Target {
    let login: Login
    let serviceName: ServiceName
    let account: Int?
    let service: Int?
    let window: Window

    var accountID: Quota.ID { Quota.ID(.r1, .account(login), window.date) }
    var serviceID: Quota.ID {
        Quota.ID(window.kind == .office ? .r2 : .r3, .service(serviceName), window.date)
    }
    var capID: Quota.ID { Quota.ID(.r3, .system, window.date) }
}
