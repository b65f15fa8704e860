/// What the agents of one system decide by. The collector signs and versions one for each system.
public struct Policy: Hashable, Codable, Sendable {
    public static let typ = "chot-policy+jws"

    public enum Mode: String, Codable, CaseIterable, Sendable {
        /// Queries are counted and would-be refusals told; signed locks still bind.
        case observe
        case enforce
    }

    /// One registered account and its queries a day (docs/domain.md#l9).
    public struct RegisteredAccount: Hashable, Codable, Sendable {
        public enum Kind: String, Codable, CaseIterable, Sendable {
            case person
            /// Shared by a whole system, so it is never locked automatically.
            case system
        }

        public let login: Login
        public let perDay: Int64
        public let kind: Kind
        /// The CCCD and officer code of those who may use the account (R10), as HMAC under the system's key. R10 is
        /// not judged when the list is empty.
        public let officers: [String]

        public init(login: Login, perDay: Int64, kind: Kind, officers: [String] = []) {
            self.login = login
            self.perDay = perDay
            self.kind = kind
            self.officers = officers
        }

        enum CodingKeys: String, CodingKey {
            case login, kind, officers
            case perDay = "per_day"
        }
    }

    /// One registered service and its volumes (docs/domain.md#l11, #l12).
    public struct RegisteredService: Hashable, Codable, Sendable {
        public let service: ServiceName
        public let officePerDay: Int64
        public let offPerDay: Int64

        public init(service: ServiceName, officePerDay: Int64, offPerDay: Int64) {
            self.service = service
            self.officePerDay = officePerDay
            self.offPerDay = offPerDay
        }

        enum CodingKeys: String, CodingKey {
            case service
            case officePerDay = "office_per_day"
            case offPerDay = "off_per_day"
        }
    }

    public var v = 1
    public var system: SystemCode
    public var systemName: String
    public var unit: UnitCode
    public var unitName: String
    public var version: Version
    public var issuedAt: Timestamp
    public var mode: Mode
    /// Whom to call at the centre (docs/domain.md#l14).
    public var contact: Localized
    public var calendar: OfficeCalendar
    /// The settings of the rules, by rule id.
    public var rules: [String: RuleSetting]
    public var accounts: [RegisteredAccount]
    public var services: [RegisteredService]
    public var allowances: [Allowance] = []
    /// Accepted notices of automated runs.
    public var notices: [Notice] = []
    /// Whether the system is never locked automatically (emergency services).
    public var isExempt = false
    /// Until this time rules R1–R3 only alert, and the off-hours cap is lifted.
    public var emergencyUntil: Timestamp?
    /// The system's own key for the HMAC of officers, as base64url; R10 is not judged when it is empty.
    public var officerKey = ""
    /// The nation's keys of today and tomorrow; no sketches are made when there are none.
    public var keys: [DayKey] = []

    public init(
        system: SystemCode, systemName: String, unit: UnitCode, unitName: String,
        version: Version, issuedAt: Timestamp, mode: Mode, contact: Localized,
        calendar: OfficeCalendar, rules: [String: RuleSetting],
        accounts: [RegisteredAccount], services: [RegisteredService]
    ) {
        self.system = system
        self.systemName = systemName
        self.unit = unit
        self.unitName = unitName
        self.version = version
        self.issuedAt = issuedAt
        self.mode = mode
        self.contact = contact
        self.calendar = calendar
        self.rules = rules
        self.accounts = accounts
        self.services = services
    }

    enum CodingKeys: String, CodingKey {
        case v, system, unit, version, mode, contact, calendar, rules, accounts, services
        case allowances, notices
        case isExempt = "exempt"
        case emergencyUntil = "emergency_until"
        case officerKey = "officer_key"
        case keys
        case systemName = "system_name"
        case unitName = "unit_name"
        case issuedAt = "issued_at"
    }

    /// The setting of a rule; the standard one when the policy names none.
    public func setting(_ rule: RuleID) -> RuleSetting {
        rules[rule.rawValue] ?? .standard(rule)
    }
}
