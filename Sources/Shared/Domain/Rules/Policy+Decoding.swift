// A field that came with a later version has a default where an older collector does not name it.

extension Policy {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        v = try fields.decode(Int.self, forKey: .v)
        system = try fields.decode(SystemCode.self, forKey: .system)
        systemName = try fields.decode(String.self, forKey: .systemName)
        unit = try fields.decode(UnitCode.self, forKey: .unit)
        unitName = try fields.decode(String.self, forKey: .unitName)
        version = try fields.decode(Version.self, forKey: .version)
        issuedAt = try fields.decode(Timestamp.self, forKey: .issuedAt)
        mode = try fields.decode(Mode.self, forKey: .mode)
        contact = try fields.decode(Localized.self, forKey: .contact)
        calendar = try fields.decode(OfficeCalendar.self, forKey: .calendar)
        rules = try fields.decode([String: RuleSetting].self, forKey: .rules)
        accounts = try fields.decode([RegisteredAccount].self, forKey: .accounts)
        services = try fields.decode([RegisteredService].self, forKey: .services)
        allowances = try fields.decodeIfPresent([Allowance].self, forKey: .allowances) ?? []
        notices = try fields.decodeIfPresent([Notice].self, forKey: .notices) ?? []
        isExempt = try fields.decodeIfPresent(Bool.self, forKey: .isExempt) ?? false
        emergencyUntil = try fields.decodeIfPresent(Timestamp.self, forKey: .emergencyUntil)
        officerKey = try fields.decodeIfPresent(String.self, forKey: .officerKey) ?? ""
        keys = try fields.decodeIfPresent([DayKey].self, forKey: .keys) ?? []
    }
}

extension Policy.RegisteredAccount {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            login: try fields.decode(Login.self, forKey: .login),
            perDay: try fields.decode(Int64.self, forKey: .perDay),
            kind: try fields.decode(Kind.self, forKey: .kind),
            officers: try fields.decodeIfPresent([String].self, forKey: .officers) ?? [])
    }
}

extension RuleSetting {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            effect: try fields.decode(Effect.self, forKey: .effect),
            alertAt: try fields.decode(Int.self, forKey: .alertAt),
            lockAt: try fields.decode(Int.self, forKey: .lockAt),
            withinMilliseconds: try fields.decode(Int64.self, forKey: .withinMilliseconds),
            cap: try fields.decodeIfPresent(Int64.self, forKey: .cap) ?? 1000,
            rates: try fields.decodeIfPresent(RateSetting.self, forKey: .rates))
    }
}
