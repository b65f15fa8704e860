/// What is known of a system while its totals are added.
struct UsagePlace {
    /// The number of its unit within one answer.
    package let unit: Int64
    /// The hour of the day at which its office opens.
    package let opening: Int64
}
