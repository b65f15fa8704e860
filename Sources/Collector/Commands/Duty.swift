/// Something that a thread does again and again.
struct Duty {
    /// Milliseconds from the beginning of one run to that of the next.
    let every: Int64
    /// If false, the first run comes after one period.
    var isDueAtOnce = false
    /// Skipped while nobody vouches for the collector's clock.
    var byCertainTime = false
    let work: () -> Void
}
