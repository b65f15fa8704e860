import Domain

/// What a total is of, within one system. `hour`: hours since 1970.
struct TotalKey: Hashable {
    let login: Login
    let service: ServiceName
    let hour: Int64
    let window: WindowKind
}

/// Counts that are compared: those recorded, less those in evidence.
struct TotalSums: Hashable {
    var allowed: Int64 = 0, denied: Int64 = 0, passed: Int64 = 0

    static let zero = TotalSums()

    static func - (a: TotalSums, b: TotalSums) -> TotalSums {
        TotalSums(
            allowed: a.allowed.adding(-b.allowed), denied: a.denied.adding(-b.denied),
            passed: a.passed.adding(-b.passed))
    }
}

extension SummaryRow {
    var totalKey: TotalKey {
        TotalKey(
            login: login, service: service,
            hour: hour.milliseconds / Timestamp.millisecondsPerHour, window: window)
    }

    var totalSums: TotalSums {
        TotalSums(allowed: allowed, denied: deniedTotal, passed: passed)
    }
}
