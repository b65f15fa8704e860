/// A registered volume that a query counts towards (docs/domain.md#breach):
///
/// - R1: the queries of an account in a day, 07:00 to 07:00;
/// - R2: the queries of a service in office hours, 07:00 to 18:00;
/// - R3: the queries of a service off hours, and those of a whole system, of which at most 1,000 pass
///   in one off window.
///
/// Agents judge by it at once; the collector judges by it over all agents of a system.
public struct Quota: Hashable, Sendable {
    /// What is counted, and in which day or window.
    public struct ID: Hashable, Sendable {
        public enum Subject: Hashable, Sendable {
            case account(Login)
            case service(ServiceName)
            /// The whole system, for R3's cap.
            case system
        }

        public let rule: RuleID
        public let subject: Subject
        /// The day, or the date on which the window began.
        public let date: CalendarDate

        public init(_ rule: RuleID, _ subject: Subject, _ date: CalendarDate) {
            self.rule = rule
            self.subject = subject
            self.date = date
        }
    }

    public let id: ID
    /// T: the registered volume with what allowances and notices add to it now.
    public let registered: Int64
    /// The breach (1, 2, …) at which staff are told; at `lockAt` the query is refused and the scope locked.
    public let alertAt: Int
    public let lockAt: Int
    /// What the rule does now: the configured effect, softened for systems that are exempt or in an emergency.
    public let effect: Effect
    /// False for accounts that a whole system shares, which are never locked automatically.
    public let mayLock: Bool
    /// The end of the day or window, when its lock ends too.
    public let end: Timestamp

    public var threshold: Threshold { Threshold(registered: registered) }
}

extension Quota.ID {
    /// The quotas towards which one query counts: R1, then R2 or R3, and off hours also the cap of its system.
    public static func all(_ login: Login, _ service: ServiceName, _ window: Window) -> [Quota.ID] {
        let account = Quota.ID(.r1, .account(login), window.date)
        switch window.kind {
        case .office: return [account, Quota.ID(.r2, .service(service), window.date)]
        case .off:
            return [
                account, Quota.ID(.r3, .service(service), window.date),
                Quota.ID(.r3, .system, window.date),
            ]
        }
    }

    public var isAccount: Bool { rule == .r1 }
    public var isCap: Bool { rule == .r3 && subject == .system }

    /// The window; nil for R1, which counts days.
    public var window: Window? {
        switch rule {
        case .r2: Window(.office, date)
        case .r3: Window(.off, date)
        default: nil
        }
    }

    /// `2026-11-24` for a day, `2026-11-24/office` for a window: the key of breaches, waivers, locks.
    public var key: String { window.map { "\(date)/\($0.kind.rawValue)" } ?? date.description }

    public func scope(in system: SystemCode) -> Scope {
        switch subject {
        case .account(let login): .account(login, system)
        case .service(let service): .service(service, system)
        case .system: .system(system)
        }
    }

    /// The quota of a `rule`, `scope` and `key`; nil when they name none.
    public init?(rule: RuleID, scope: Scope, key: String) {
        guard let date = CalendarDate(String(key.prefix(10))) else { return nil }
        switch (rule, scope) {
        case (.r1, .account(let login, _)): self.init(rule, .account(login), date)
        case (.r2, .service(let service, _)), (.r3, .service(let service, _)):
            self.init(rule, .service(service), date)
        case (.r3, .system): self.init(rule, .system, date)
        default: return nil
        }
        guard self.key == key else { return nil }
    }

    /// The reason under which refusals by this quota are counted.
    public var denial: DenialReason {
        switch rule {
        case .r1: .r1
        case .r2: .r2
        default: isCap ? .r3Cap : .r3
        }
    }

    public func bounds(_ calendar: OfficeCalendar) -> Range<Timestamp> {
        window.map(calendar.bounds(of:)) ?? calendar.bounds(ofDay: date)
    }
}

extension Policy {
    /// The quota by which `id` is judged at a moment. `registered` is the number of the form, ignored for the cap;
    /// `kind` is that of the account.
    public func quota(
        _ id: Quota.ID, registered: Int64, kind: RegisteredAccount.Kind = .person, at now: Timestamp
    ) -> Quota {
        let setting = self.setting(id.rule)
        let extra = allowance(id, at: now) + noticed(id, at: now)
        let volume = id.isCap ? setting.cap : registered
        return Quota(
            id: id,
            registered: volume.adding(extra),
            alertAt: id.isCap ? 1 : setting.alertAt, lockAt: id.isCap ? 1 : setting.lockAt,
            effect: effect(of: id, setting, at: now), mayLock: kind == .person,
            end: id.bounds(calendar).upperBound)
    }

    /// An emergency softens the whole day or window in which it was in force: what was done in it must not lock
    /// anybody the moment it is over.
    private func effect(of id: Quota.ID, _ setting: RuleSetting, at now: Timestamp) -> Effect {
        let isEmergency = emergencyUntil.map { id.bounds(calendar).lowerBound < $0 } ?? false
        if isEmergency, id.isCap { return .off }
        guard setting.effect.refuses, isExempt || isEmergency else { return setting.effect }
        return .alert
    }

    /// What the centre added by `quota grant`. It stays for the day or window in which it was in force, since what it
    /// excused stays in the count.
    private func allowance(_ id: Quota.ID, at now: Timestamp) -> Int64 {
        guard !allowances.isEmpty else { return 0 }
        let scope = id.scope(in: system)
        let start = id.bounds(calendar).lowerBound
        return allowances.filter {
            $0.rule == id.rule && $0.scope == scope && $0.from <= now && start < $0.until
        }.reduce(0) { $0.adding(min($1.queries, 1 << 40)) }
    }

    /// What accepted notices of automated runs add. They excuse their volume in the windows of their dates, from
    /// their first hour on; they raise the cap only with an agreed plan (docs/domain.md#l4, #l13).
    private func noticed(_ id: Quota.ID, at now: Timestamp) -> Int64 {
        guard id.rule == .r3, !notices.isEmpty else { return 0 }
        let window = id.bounds(calendar)
        return notices.filter { notice in
            let concerns = id.isCap ? notice.hasPlan : id.subject == .service(notice.service)
            return concerns && notice.hasBegun(in: window, of: id.date, at: now)
        }.reduce(0) { $0.adding(min($1.perDay, 1 << 40)) }
    }
}
