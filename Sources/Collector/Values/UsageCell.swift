/// A row of one of the tables of totals, in their numbers.
struct UsageCell {
    let system: Int64
    /// 0 from `UsageSource.systemHours`.
    let account: Int64
    let service: Int64
    /// An hour since 1970, or from `UsageSource.dates` a date.
    let time: Int64
    let isOff: Bool
    /// From `UsageSource.dates` only: whether it was before the office opened.
    let isEarly: Bool
    let allowed: Int64
    let denied: Int64
    let passed: Int64
}
