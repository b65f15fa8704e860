import Domain

/// The system's sketches of today and, shortly after midnight, of the day before. Picks the one to be told next.
struct DaySketches {
    /// How often a changed sketch is told; it is told at once when its day is over or the agent stops.
    static let everyMilliseconds: Int64 = 600_000
    static let datesMax = 2

    private struct Day {
        var sketch: SystemSketch
        var isChanged = false
        var toldAt: Timestamp?
    }

    private var days: [Day] = []
    /// When set, the next interval tells a changed sketch however lately it was told.
    var isUrgent = false

    /// Continues a sketch that an earlier run of the agent kept.
    mutating func resume(_ sketch: SystemSketch) {
        days[place(of: sketch.date)] = Day(sketch: sketch)
    }

    mutating func note(_ date: CalendarDate, _ change: (inout SystemSketch) -> Void) {
        let place = place(of: date)
        change(&days[place].sketch)
        days[place].isChanged = true
    }

    /// Drops the sketch of a date whose key changed: hashes under two keys do not mix.
    mutating func forget(_ date: CalendarDate) { days.removeAll { $0.sketch.date == date } }

    /// Takes the sketch that is due, the oldest first; nil when none is.
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

    /// Drops the sketches of days that are over and told.
    mutating func forget(before now: Timestamp) {
        let date = now.advanced(byMilliseconds: -DayHashes.graceMilliseconds).date
        days.removeAll { $0.sketch.date < date && !$0.isChanged }
    }

    /// The index of a date's sketch; drops the oldest when it needs room.
    private mutating func place(of date: CalendarDate) -> Int {
        if let known = days.firstIndex(where: { $0.sketch.date == date }) { return known }
        while days.count >= Self.datesMax, let oldest = days.map(\.sketch.date).min() {
            forget(oldest)
        }
        days.append(Day(sketch: SystemSketch(date: date)))
        return days.count - 1
    }
}
