import Domain

package struct SystemRecord {
    package let code: SystemCode
    package let name: String
    package let unit: UnitCode
    package let unitName: String
    package let mode: Policy.Mode

    package init(
        code: SystemCode, name: String, unit: UnitCode, unitName: String, mode: Policy.Mode
    ) {
        self.code = code
        self.name = name
        self.unit = unit
        self.unitName = unitName
        self.mode = mode
    }
}

package struct AccountRecord {
    package let login: Login
    package let perDay: Int64
    package let kind: Policy.RegisteredAccount.Kind
    package let person: String?
    /// Whether the person has other accounts as well.
    package let isOneOfSeveral: Bool

    package init(
        login: Login, perDay: Int64, kind: Policy.RegisteredAccount.Kind, person: String?,
        isOneOfSeveral: Bool
    ) {
        self.login = login
        self.perDay = perDay
        self.kind = kind
        self.person = person
        self.isOneOfSeveral = isOneOfSeveral
    }
}
