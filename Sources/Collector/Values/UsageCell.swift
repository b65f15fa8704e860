/// A row of one of the tables of totals, in their numbers.
package struct UsageCell {
    package let system: Int64
    /// 0 from `UsageSource.systemHours`.
    package let account: Int64
    package let service: Int64
    /// An hour since 1970, or from `UsageSource.dates` a date.
    package let time: Int64
    package let isOff: Bool
    /// From `UsageSource.dates` only: whether it was before the office opened.
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
