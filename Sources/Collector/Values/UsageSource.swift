/// Which table answers: all that can answer a question give the same totals.
package enum UsageSource: String, CaseIterable, Sendable {
    /// Hours of systems, without accounts: small, kept for years.
    case systemHours
    /// Dates of accounts.
    case dates
    /// Hours of accounts: the largest, kept for 90 days.
    case hours
}
