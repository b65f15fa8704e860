import CollectorValues
import Domain
import Wire

/// What the one writer remembers of the tables from one transaction to the next, so that a summary's rows need not be
/// looked up one by one. Forgotten when a transaction or a part of it is undone; what is registered, when that changes.
/// Touched only inside `Store.write`.
package final class Remembered {
    /// Of each kind; with more, all of it is forgotten.
    package static let countMax = 100_000

    package struct TallyKey: Hashable {
        package let system: SystemCode
        package let id: Quota.ID
    }

    package struct ServiceKey: Hashable {
        package let system: SystemCode
        package let service: ServiceName
    }

    /// Registered accounts by name; nil: not registered.
    package private(set) var accounts: [Account: AccountRecord?] = [:]
    package private(set) var volumes: [ServiceKey: (office: Int64, off: Int64)?] = [:]
    /// Over all agents of a system.
    private(set) var tallies: [TallyKey: Int64] = [:]

    /// Numbers of names among totals: a system (its number 0, no login), a service, an account.
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

    /// Names that nobody registered and that are counted under themselves.
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

    /// By system, of a date: what passed half of its threshold then (`Records.near`), also in the order in which it was noted.
    package struct Near {
        package let date: CalendarDate
        package var ids: Set<Quota.ID>
        package var list: [Quota.ID]
        /// Towards which of them something was counted, and by whom, one after the other; the first of them has this number.
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

    /// Of each system; an agent that comes later than that is told all.
    static let countedMax = 20_000

    /// What was counted by an agent, so that the others are told of what changed alone.
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

    /// To a total that is remembered; of others the table knows.
    package func add(_ count: Int64, _ key: TallyKey) {
        if let total = tallies[key] { tallies[key] = total.adding(count) }
    }

    /// How far an agent was told of the others of its system, where that is much: in `Near.list`, and in `Near.counted`.
    private struct ToldOthers {
        let date: CalendarDate
        var listed = 0
        var counted: Int
        /// When it was begun to tell all.
        var since: Timestamp
    }
    private var told: [AgentID: ToldOthers] = [:]

    /// As many quotas near their thresholds are told whole, with each push.
    static let nearFew = 200
    /// Told with one answer, of more than that.
    static let othersMax = 2000
    /// An answer may be lost without a sign of it: all is told again after so long.
    static let wholeMilliseconds: Int64 = 600_000
    /// A sign that it was, or that the agent forgot: not more often than that.
    static let againMilliseconds: Int64 = 10_000
    /// Quotas whose counts were looked up for that so far.
    private(set) var othersLookedUp: Int64 = 0

    /// Of which quotas of its system an agent is to be told what the others counted: where they are few, of all; else of those
    /// towards which others counted since it was told last, and of as many more until it knows of all.
    /// `again`: it may not know what it was told.
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

    /// Raised with every lock set that is signed, also by what is undone later.
    package var signedSets: Int64 = 0

    package func forget() {
        forgetRegistered()
        forgetTallies()
        numbers = [:]
        names = [:]
        nameCount = 0
    }
}
