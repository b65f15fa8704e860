import Domain

/// How many queries were allowed, denied and passed. Sums saturate: numbers of others and of the database are added.
package struct QueryCounts: Hashable {
    package var allowed: Int64
    package var denied: Int64
    package var passed: Int64

    package init(allowed: Int64 = 0, denied: Int64 = 0, passed: Int64 = 0) {
        self.allowed = allowed
        self.denied = denied
        self.passed = passed
    }

    package static let zero = QueryCounts()

    package mutating func add(_ row: SummaryRow) {
        allowed = allowed.adding(row.allowed)
        denied = denied.adding(row.deniedTotal)
        passed = passed.adding(row.passed)
    }

    package mutating func add(_ cell: UsageCell) {
        allowed = allowed.adding(cell.allowed)
        denied = denied.adding(cell.denied)
        passed = passed.adding(cell.passed)
    }

    package static func - (a: QueryCounts, b: QueryCounts) -> QueryCounts {
        QueryCounts(
            allowed: a.allowed.subtracting(b.allowed), denied: a.denied.subtracting(b.denied),
            passed: a.passed.subtracting(b.passed))
    }

    package static func + (a: QueryCounts, b: QueryCounts) -> QueryCounts {
        QueryCounts(
            allowed: a.allowed.adding(b.allowed), denied: a.denied.adding(b.denied),
            passed: a.passed.adding(b.passed))
    }
}
