import Domain

/// What one agent may send for each hour that its intervals cover (`from` to `to` of its summaries, not the wall
/// clock: months of backlog come at once and are taken), and what is taken at once beyond that. It is far more than
/// an honest agent tells, whatever its clients do, since an agent folds unknown names beyond 4,096 an interval into
/// `*other`. A collector refuses for good what is beyond.
public struct AgentQuota: Hashable, Sendable {
    /// Bytes of compact JWS.
    public let bytes: Int64
    /// Rows, lines of features, breaches and refusals of locks.
    public let rows: Int64
    /// Breaches of thresholds.
    public let alerts: Int64
    /// Lượt truy vấn, whatever their outcome: 300,000 a second.
    public let queries: Int64

    /// The quota of an hour; each registered account may tell of a service every fifteen seconds.
    public static func perHour(accounts: Int64) -> AgentQuota {
        AgentQuota(
            bytes: 64 << 20, rows: 1_000_000, alerts: 4000, queries: 1 << 30,
            accounts: accounts, bytesEach: 96 << 10, rowsEach: 240, alertsEach: 64)
    }

    /// The quota at once: the largest seal of an honest agent, for an interval that took no time.
    public static func atOnce(accounts: Int64) -> AgentQuota {
        AgentQuota(
            bytes: 32 << 20, rows: 400_000, alerts: 4000, queries: 1 << 30,
            accounts: accounts, bytesEach: 8 << 10, rowsEach: 16, alertsEach: 8)
    }

    private init(
        bytes: Int64, rows: Int64, alerts: Int64, queries: Int64, accounts: Int64,
        bytesEach: Int64, rowsEach: Int64, alertsEach: Int64
    ) {
        let accounts = min(max(accounts, 0), 1 << 24)
        self.bytes = bytes + accounts * bytesEach
        self.rows = rows + accounts * rowsEach
        self.alerts = alerts + accounts * alertsEach
        self.queries = queries
    }
}

extension Limits {
    /// How far before `from` a row's hour may lie. Only rows of followed or passed queries (no `denied`) may, since a
    /// log may tell them late. The agent counts what is older under the first hour that may be told.
    public static let hoursBackMilliseconds: Int64 = 35 * Timestamp.millisecondsPerDay
    /// How far a row's hour may deviate from `from` and `to`.
    public static let hoursToleranceMilliseconds: Int64 = 600_000
    /// How far after the collector's time a summary may end. A clock that is ahead is reported; one that is ahead by
    /// more is not believed.
    public static let aheadMillisecondsMax: Int64 = 315_576_000_000
    /// The most bytes in a key of `denied`, `would`, `dropped` and `refused_sets`; they are plain names.
    public static let reasonBytesMax = SummaryRow.reasonBytesMax
    /// The most different reasons in the rows of one summary.
    public static let reasonsMax = Summary.reasonsMax
}
