import Domain
import Wire

/// What the one writer remembers of the tables from one transaction to the next, so that a summary's rows need not be
/// looked up one by one. Forgotten when a transaction or a part of it is undone; what is registered, when that changes.
/// Touched only inside `Store.write`.
final class Remembered {
    /// Of each kind; with more, all of it is forgotten.
    static let countMax = 100_000

    struct TallyKey: Hashable {
        let system: SystemCode
        let id: Quota.ID
    }

    struct ServiceKey: Hashable {
        let system: SystemCode
        let service: ServiceName
    }

    /// Registered accounts by name; nil: not registered.
    private(set) var accounts: [Account: AccountRecord?] = [:]
    private(set) var volumes: [ServiceKey: (office: Int64, off: Int64)?] = [:]
    /// Over all agents of a system.
    private(set) var tallies: [TallyKey: Int64] = [:]

    /// Numbers of names among totals: a system (its number 0, no login), a service, an account.
    struct NameKey: Hashable {
        let table: String
        let name: String
        let system: Int64
    }
    private(set) var numbers: [NameKey: Int64] = [:]

    func keep(_ number: Int64, _ key: NameKey) {
        if numbers.count >= Self.countMax { numbers = [:] }
        numbers[key] = number
    }

    struct NameDay: Hashable {
        let system: SystemCode
        let date: Int64
        let kind: Int64
    }

    /// Names that nobody registered and that are counted under themselves.
    private(set) var names: [NameDay: Set<ExactText>] = [:]
    private var nameCount = 0

    func keep(_ counted: Set<ExactText>, _ day: NameDay) {
        guard names[day] == nil else { return }
        if nameCount + counted.count > Self.countMax {
            names = [:]
            nameCount = 0
        }
        names[day] = counted
        nameCount += counted.count + 1
    }

    func add(_ name: String, _ day: NameDay) {
        names[day]?.insert(ExactText(name))
        nameCount += 1
    }

    /// By system: a date, and what passed half of its threshold then (`Records.near`); nil: not read yet.
    private(set) var near: [SystemCode: (date: CalendarDate, ids: Set<Quota.ID>)] = [:]

    func keep(near ids: Set<Quota.ID>, _ system: SystemCode, _ date: CalendarDate) {
        near[system] = (date, ids)
    }

    func note(near id: Quota.ID, _ system: SystemCode) {
        if near[system]?.date == id.date { near[system]?.ids.insert(id) }
    }

    func keep(_ record: AccountRecord?, _ account: Account) {
        if accounts.count >= Self.countMax { accounts = [:] }
        accounts.updateValue(record, forKey: account)
    }

    func keep(_ registered: (office: Int64, off: Int64)?, _ key: ServiceKey) {
        if volumes.count >= Self.countMax { volumes = [:] }
        volumes.updateValue(registered, forKey: key)
    }

    func keep(_ total: Int64, _ key: TallyKey) {
        if tallies.count >= Self.countMax { tallies = [:] }
        tallies[key] = total
    }

    /// To a total that is remembered; of others the table knows.
    func add(_ count: Int64, _ key: TallyKey) {
        if let total = tallies[key] { tallies[key] = total.adding(count) }
    }

    /// What an agent was told last of the others of its system, where that is much to work out.
    private(set) var others: [AgentID: (at: Timestamp, told: [PushAnswer.Other])] = [:]

    func keep(others told: [PushAnswer.Other], _ agent: AgentID, at now: Timestamp) {
        if others.count >= 1000 { others = [:] }
        others[agent] = (now, told)
    }

    /// How many accounts a system has registered.
    private(set) var accountCounts: [SystemCode: Int64] = [:]

    func keep(accounts count: Int64, _ system: SystemCode) { accountCounts[system] = count }

    func forgetRegistered() {
        accountCounts = [:]
        accounts = [:]
        volumes = [:]
    }

    func forgetTallies() {
        tallies = [:]
        near = [:]
        others = [:]
    }

    /// Raised with every lock set that is signed, also by what is undone later.
    var signedSets: Int64 = 0

    func forget() {
        forgetRegistered()
        forgetTallies()
        numbers = [:]
        names = [:]
        nameCount = 0
    }
}
