import Domain

/// The accounts that were active in one clock hour since the last seal. Bounded: the registered accounts, a number of
/// others, and the rest as `*other`.
struct HourRecords {
    /// The most unregistered logins at one time; `UnknownNames` bounds how many there are over time.
    static let othersMax = Int(UnknownNames.Limits.features.rows)
    /// The most accounts in all, whatever a registry holds.
    static let recordsMax = 20_000

    let hour: Timestamp
    private var records: [Login: AccountRecord] = [:]
    private var names = ServiceUnitNames()
    /// Attempts that were told as `*other`.
    private(set) var folded: Int64 = 0

    init(hour: Timestamp) { self.hour = hour }

    var count: Int { records.count }

    /// Finds or makes the account's record and notes the attempt in its rhythm.
    mutating func note(
        _ login: Login, at time: Timestamp, _ isRegistered: (Login) -> Bool,
        _ unknown: inout UnknownNames
    ) -> AccountRecord {
        let millisecond = UInt32(clamping: time.milliseconds - hour.milliseconds)
        if let record = records[login] {
            record.note(at: millisecond)
            return record
        }
        var login = login
        if !isRegistered(login), !unknown.take(login, at: time) { login = .folded }
        if records.count >= Self.recordsMax { login = .folded }
        if login == .folded {
            folded += 1
            if let record = records[login] {
                record.note(at: millisecond)
                return record
            }
        }
        let record = AccountRecord(at: millisecond)
        records[login] = record
        return record
    }

    mutating func number(ofServiceUnit name: String) -> UInt16? { names.number(name) }

    /// Adds a line for each account.
    func write(to lines: inout FeatureLines) {
        for (login, record) in records { lines.append(record.features(login, hour, names)) }
    }

    var attempts: Int64 { records.values.reduce(0) { $0 + Int64($1.rhythm.attempts) } }
}
