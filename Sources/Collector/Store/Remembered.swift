import CollectorValues
import Domain
import Wire

/// What the one writer remembers of the tables between transactions, so that it need not look up each row of a summary.
/// It is forgotten when a transaction or a part of it is undone; what concerns the registry also when that changes.
/// Not thread-safe: only used inside `Store.write`.
package final class Remembered {
    /// The most entries of a kind; when a kind is full, all of its entries are forgotten.
    package static let countMax = 100_000

    package struct TallyKey: Hashable {
        package let system: SystemCode
        package let id: Quota.ID
    }

    package struct ServiceKey: Hashable {
        package let system: SystemCode
        package let service: ServiceName
    }

    /// Registered accounts by name. A nil value means that the account is known not to be registered.
    package private(set) var accounts: [Account: AccountRecord?] = [:]
    package private(set) var volumes: [ServiceKey: (office: Int64, off: Int64)?] = [:]
    /// Sums over all agents of a system.
    private(set) var tallies: [TallyKey: Int64] = [:]

    /// Identifies a name among totals: a system (then `system` is 0), a service, or an account.
    package struct NameKey: Hashable {
        package let table: String
        package let name: String
        package let system: Int64
    }
    package private(set) var numbers: [NameKey: Int64] = [:]

    package func keep(_ number: Int64, _ key: NameKey) {
        if numbers.count >= Self.countMax { numbers = [:] }
        numbers[key] = number
    }

    package struct NameDay: Hashable {
        package let system: SystemCode
        package let date: Int64
        package let kind: Int64
    }

    /// Unregistered names that are counted under themselves.
    package private(set) var names: [NameDay: Set<ExactText>] = [:]
    private var nameCount = 0

    package func keep(_ counted: Set<ExactText>, _ day: NameDay) {
        guard names[day] == nil else { return }
        if nameCount + counted.count > Self.countMax {
            names = [:]
            nameCount = 0
        }
        names[day] = counted
        nameCount += counted.count + 1
    }

    package func add(_ name: String, _ day: NameDay) {
        names[day]?.insert(ExactText(name))
        nameCount += 1
    }

    /// A system's quotas of a date that have passed half of their threshold (`Records.near`); `list` has them in the
    /// order in which they were noted.
    package struct Near {
        package let date: CalendarDate
        package var ids: Set<Quota.ID>
        package var list: [Quota.ID]
        /// The quotas that something was counted towards, and the agent that counted it, in order. The first entry has
        /// the number `first`.
        package var counted: [(id: Quota.ID, agent: AgentID)] = []
        package var first = 0
    }
    package private(set) var near: [SystemCode: Near] = [:]

    package func keep(near ids: Set<Quota.ID>, _ system: SystemCode, _ date: CalendarDate) {
        near[system] = Near(date: date, ids: ids, list: Array(ids))
    }

    package func note(near id: Quota.ID, _ system: SystemCode) {
        if near[system]?.date == id.date, near[system]?.ids.insert(id).inserted == true {
            near[system]?.list.append(id)
        }
    }

    /// The most entries of `Near.counted` for a system. An agent that has fallen further behind is told everything
    /// again.
    static let countedMax = 20_000

    /// Notes what an agent counted, so that the others are told only what changed.
    package func note(counted ids: some Sequence<Quota.ID>, _ system: SystemCode, by agent: AgentID)
    {
        guard near[system]?.ids.count ?? 0 > Self.nearFew else { return }
        let changed = ids.filter { near[system]?.ids.contains($0) ?? false }
        guard !changed.isEmpty else { return }
        near[system]?.counted += changed.map { ($0, agent) }
        if let count = near[system]?.counted.count, count > Self.countedMax {
            near[system]?.counted.removeFirst(count / 2)
            near[system]?.first += count / 2
        }
    }

    package func keep(_ record: AccountRecord?, _ account: Account) {
        if accounts.count >= Self.countMax { accounts = [:] }
        accounts.updateValue(record, forKey: account)
    }

    package func keep(_ registered: (office: Int64, off: Int64)?, _ key: ServiceKey) {
        if volumes.count >= Self.countMax { volumes = [:] }
        volumes.updateValue(registered, forKey: key)
    }

    package func keep(_ total: Int64, _ key: TallyKey) {
        if tallies.count >= Self.countMax { tallies = [:] }
        tallies[key] = total
    }

    /// Adds to a total if it is remembered; any other total is in the table.
    package func add(_ count: Int64, _ key: TallyKey) {
        if let total = tallies[key] { tallies[key] = total.adding(count) }
    }

    /// How far an agent was told what the others of its system counted, if that is much: its places in `Near.list` and
    /// in `Near.counted`.
    private struct ToldOthers {
        let date: CalendarDate
        var listed = 0
        var counted: Int
        /// When telling everything began.
        var since: Timestamp
    }
    private var told: [AgentID: ToldOthers] = [:]

    /// If no more quotas than this are near their thresholds, each answer to a push tells all of them.
    static let nearFew = 200
    /// The most quotas that one answer tells if there are more.
    static let othersMax = 2000
    /// An answer may be lost unnoticed, so everything is told again after this time.
    static let wholeMilliseconds: Int64 = 600_000
    /// If the agent shows that an answer was lost, or that it forgot, everything is told again, but not before this
    /// time.
    static let againMilliseconds: Int64 = 10_000
    /// How many quotas have been looked up for `othersDue` so far.
    private(set) var othersLookedUp: Int64 = 0

    /// Returns the quotas of its system for which an agent is told what the others counted: all of them, if they are
    /// few; else those that others counted towards since the last answer, and more of the rest until the agent knows
    /// all. `again` means that the agent may not know what it was told.
    package func othersDue(_ agent: AgentID, _ system: SystemCode, again: Bool, at now: Timestamp)
        -> [Quota.ID]
    {
        guard let near = near[system] else { return [] }
        guard near.ids.count > Self.nearFew else {
            othersLookedUp += Int64(near.list.count)
            return near.list
        }
        let end = near.first + near.counted.count
        var state = told[agent] ?? ToldOthers(date: near.date, counted: end, since: now)
        let age = now.milliseconds.subtracting(state.since.milliseconds)
        if state.date != near.date || state.counted < near.first || age < 0
            || age > Self.wholeMilliseconds || again && age > Self.againMilliseconds
        {
            state = ToldOthers(date: near.date, counted: end, since: now)
        }
        var due: Set<Quota.ID> = []
        while state.counted < end, due.count < Self.othersMax {
            let (id, other) = near.counted[state.counted - near.first]
            if other != agent { due.insert(id) }
            state.counted += 1
        }
        while state.listed < near.list.count, due.count < Self.othersMax {
            due.insert(near.list[state.listed])
            state.listed += 1
        }
        if told.count >= Self.countMax { told = [:] }
        told[agent] = state
        othersLookedUp += Int64(due.count)
        return Array(due)
    }

    /// How many accounts a system has registered.
    private(set) var accountCounts: [SystemCode: Int64] = [:]

    package func keep(accounts count: Int64, _ system: SystemCode) { accountCounts[system] = count }

    func forgetRegistered() {
        accountCounts = [:]
        accounts = [:]
        volumes = [:]
    }

    func forgetTallies() {
        tallies = [:]
        near = [:]
        told = [:]
    }

    /// Raised with every lock set that is signed, even if the transaction is undone later.
    package var signedSets: Int64 = 0

    package func forget() {
        forgetRegistered()
        forgetTallies()
        numbers = [:]
        names = [:]
        nameCount = 0
    }
}
