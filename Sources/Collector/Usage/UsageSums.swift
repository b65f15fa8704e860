import CollectorValues
import Domain

/// The totals of one line of an answer.
package struct UsageSums: Equatable {
    package var allowed: Int64 = 0
    package var denied: Int64 = 0
    package var passed: Int64 = 0

    package mutating func add(_ cell: UsageCell) {
        allowed = allowed.adding(cell.allowed)
        denied = denied.adding(cell.denied)
        passed = passed.adding(cell.passed)
    }
}
