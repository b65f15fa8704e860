import Domain

/// What one agent may send an hour of interval covered (`from` to `to` of its summaries, not of the clock on the wall:
/// months of backlog come at once and are taken), and what is taken beyond that at once. Far more than an honest agent
/// tells, whatever its clients do: it folds unknown names beyond 4,096 an interval into `*other`. A collector refuses for
/// good what is beyond.
public struct AgentQuota: Hashable, Sendable {
    /// Bytes of compact JWS.
    public let bytes: Int64
    /// Rows, lines of features, breaches and refusals of locks.
    public let rows: Int64
    /// Breaches of thresholds.
    public let alerts: Int64
    /// Lượt truy vấn, whatever became of them: 300,000 a second.
    public let queries: Int64

    /// An hour; registered accounts may each tell of a service every fifteen seconds.
    public static func perHour(accounts: Int64) -> AgentQuota {
        AgentQuota(
            bytes: 64 << 20, rows: 1_000_000, alerts: 4000, queries: 1 << 30,
            accounts: accounts, bytesEach: 96 << 10, rowsEach: 240, alertsEach: 64)
    }

    /// At once: the largest seal of an honest agent, of an interval that took no time.
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
    /// How far before `from` a row's hour may lie: rows of followed or passed queries alone (no `denied`), which a log may
    /// tell late. What is older is counted by the agent under the first hour that is not.
    public static let hoursBackMilliseconds: Int64 = 35 * Timestamp.millisecondsPerDay
    /// How inexact a row's hour may be against `from` and `to`.
    public static let hoursToleranceMilliseconds: Int64 = 600_000
    /// How far ahead of the collector's time a summary may end: a clock that runs ahead is told, one that is beyond this
    /// is none.
    public static let aheadMillisecondsMax: Int64 = 315_576_000_000
    /// Keys of `denied`, `would`, `dropped` and `refused_sets`: plain names.
    public static let reasonBytesMax = SummaryRow.reasonBytesMax
    /// Different reasons in the rows of one summary.
    public static let reasonsMax = Summary.reasonsMax
}
