/// The table that answers. All tables that can answer a question give the same totals.
package enum UsageSource: String, CaseIterable, Sendable {
    /// Hours of systems without accounts: a small table, kept for years.
    case systemHours
    /// Dates of accounts.
    case dates
    /// Hours of accounts: the largest table, kept for 90 days.
    case hours
}
