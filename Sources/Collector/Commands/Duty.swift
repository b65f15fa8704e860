/// Something that a thread does again and again.
struct Duty {
    /// Milliseconds from the beginning of one run to that of the next.
    let every: Int64
    /// If false, the first run comes after one period.
    var isDueAtOnce = false
    /// Skipped while nobody vouches for the collector's clock.
    var byCertainTime = false
    package let work: () -> Void

    init(
        every: Int64, isDueAtOnce: Bool = false, byCertainTime: Bool = false,
        work: @escaping () -> Void
    ) {
        self.every = every
        self.isDueAtOnce = isDueAtOnce
        self.byCertainTime = byCertainTime
        self.work = work
    }
}
