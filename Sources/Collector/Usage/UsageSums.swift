extension Int64 {
    /// At most what 64 bits hold: what a hostile agent tells must not end the process.
    func adding(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other > 0 ? .max : .min) : sum
    }
}

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
