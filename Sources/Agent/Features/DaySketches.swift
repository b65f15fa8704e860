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

    private var days: [Day] = []
    /// Told with the next interval whatever the time.
    var isUrgent = false

    /// Goes on with what a former run of the agent kept.
    mutating func resume(_ sketch: SystemSketch) {
        days[place(of: sketch.date)] = Day(sketch: sketch)
    }

    mutating func note(_ date: CalendarDate, _ change: (inout SystemSketch) -> Void) {
        let place = place(of: date)
        change(&days[place].sketch)
        days[place].isChanged = true
    }

    /// Of a date whose key changed: hashes under two keys do not mix.
    mutating func forget(_ date: CalendarDate) { days.removeAll { $0.sketch.date == date } }

    /// The one that is due, the oldest first.
    mutating func take(at now: Timestamp) -> SystemSketch? {
        let byDate = days.indices.sorted { days[$0].sketch.date < days[$1].sketch.date }
        for place in byDate where days[place].isChanged {
            let day = days[place]
            let isDue =
                isUrgent || day.sketch.date < now.date
                || day.toldAt.map {
                    abs(now.milliseconds - $0.milliseconds) >= Self.everyMilliseconds
                } ?? true
            guard isDue else { continue }
            days[place].isChanged = false
            days[place].toldAt = now
            isUrgent = isUrgent && days.contains { $0.isChanged }
            return day.sketch
        }
        isUrgent = false
        return nil
    }

    /// Drops days that are over and told.
    mutating func forget(before now: Timestamp) {
        let date = now.advanced(byMilliseconds: -DayHashes.graceMilliseconds).date
        days.removeAll { $0.sketch.date < date && !$0.isChanged }
    }

    /// Makes room by dropping the oldest.
    private mutating func place(of date: CalendarDate) -> Int {
        if let known = days.firstIndex(where: { $0.sketch.date == date }) { return known }
        while days.count >= Self.datesMax, let oldest = days.map(\.sketch.date).min() {
            forget(oldest)
        }
        days.append(Day(sketch: SystemSketch(date: date)))
        return days.count - 1
    }
}
