/// A row of one of the tables of totals; names are given by their numbers in the tables.
package struct UsageCell {
    package let system: Int64
    /// 0 if it comes from `UsageSource.systemHours`.
    package let account: Int64
    package let service: Int64
    /// Hours since 1970; if it comes from `UsageSource.dates`, days since 1970.
    package let time: Int64
    package let isOff: Bool
    /// Whether the queries came before the office opened. Known only if it comes from `UsageSource.dates`.
    package let isEarly: Bool
    package let allowed: Int64
    package let denied: Int64
    package let passed: Int64

    package init(
        system: Int64, account: Int64, service: Int64, time: Int64, isOff: Bool, isEarly: Bool,
        allowed: Int64, denied: Int64, passed: Int64
    ) {
        self.system = system
        self.account = account
        self.service = service
        self.time = time
        self.isOff = isOff
        self.isEarly = isEarly
        self.allowed = allowed
        self.denied = denied
        self.passed = passed
    }
}
