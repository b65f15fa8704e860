import Domain

/// Totals of one line of an answer.
struct UsageSums: Equatable {
    var allowed: Int64 = 0
    var denied: Int64 = 0
    var passed: Int64 = 0

    mutating func add(_ cell: UsageCell) {
        allowed = allowed.adding(cell.allowed)
        denied = denied.adding(cell.denied)
        passed = passed.adding(cell.passed)
    }
}
