import Domain

struct SystemRecord {
    let code: SystemCode
    let name: String
    let unit: UnitCode
    let unitName: String
    let mode: Policy.Mode
}

struct AccountRecord {
    let login: Login
    let perDay: Int64
    let kind: Policy.RegisteredAccount.Kind
    let person: String?
    /// Whether the person has more accounts.
    let isOneOfSeveral: Bool
}
