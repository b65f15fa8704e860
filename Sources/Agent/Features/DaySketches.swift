import Domain

/// The sketches of the system, of today and shortly after midnight of the day before: which of them is to be told
/// next.
struct DaySketches {
    /// A changed sketch is told so often; at once when its day is over or the agent stops.
    static let everyMilliseconds: Int64 = 600_000
    static let datesMax = 2

    private struct Day {
        var sketch: SystemSketch
        var isChanged = false
        var toldAt: Timestamp?
    }

    private var days: [CalendarDate: Day] = [:]
    /// Told with the next interval whatever the time.
    var isUrgent = false

    /// Goes on with what a former run of the agent kept.
    mutating func resume(_ sketch: SystemSketch) { days[sketch.date] = Day(sketch: sketch) }

    mutating func note(_ date: CalendarDate, _ change: (inout SystemSketch) -> Void) {
        makeRoom(for: date)
        change(&days[date, default: Day(sketch: SystemSketch(date: date))].sketch)
        days[date]?.isChanged = true
    }

    /// Of a date whose key changed: hashes under two keys do not mix.
    mutating func forget(_ date: CalendarDate) { days[date] = nil }

    /// The one that is due, the oldest first.
    mutating func take(at now: Timestamp) -> SystemSketch? {
        for (date, day) in days.sorted(by: { $0.key < $1.key }) where day.isChanged {
            let isDue =
                isUrgent || date < now.date
                || day.toldAt.map {
                    abs(now.milliseconds - $0.milliseconds) >= Self.everyMilliseconds
                } ?? true
            guard isDue else { continue }
            days[date]?.isChanged = false
            days[date]?.toldAt = now
            isUrgent = isUrgent && days.values.contains { $0.isChanged }
            return day.sketch
        }
        isUrgent = false
        return nil
    }

    /// Drops days that are over and told.
    mutating func forget(before now: Timestamp) {
        let date = now.advanced(byMilliseconds: -DayHashes.graceMilliseconds).date
        guard days.contains(where: { $0.key < date && !$0.value.isChanged }) else { return }
        days = days.filter { $0.key >= date || $0.value.isChanged }
    }

    private mutating func makeRoom(for date: CalendarDate) {
        guard days[date] == nil else { return }
        while days.count >= Self.datesMax, let oldest = days.keys.min() { days[oldest] = nil }
    }
}
