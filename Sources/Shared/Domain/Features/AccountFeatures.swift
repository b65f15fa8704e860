/// What detectors learn about one account in one clock hour, besides its counts: rhythm, subjects, officers, sources.
/// It names nobody. Agents compute it (`FeatureTracker`), and summaries tell it.
public struct AccountFeatures: Hashable, Sendable {
    public let login: Login
    /// The start of the clock hour.
    public let hour: Timestamp
    public internal(set) var rhythm: Rhythm
    public internal(set) var allowed: UInt32
    public internal(set) var subjects: SubjectTally
    public internal(set) var serviceUnits: ServiceUnitCounts
    /// An agent holds them until the summary is signed; a summary never contains them.
    public internal(set) var sketches: AccountSketches?
    private var told = DistinctCounts()

    public init(
        login: Login, hour: Timestamp, rhythm: Rhythm, allowed: UInt32, subjects: SubjectTally,
        serviceUnits: ServiceUnitCounts, sketches: AccountSketches
    ) {
        self.init(
            login: login, hour: hour, rhythm: rhythm, allowed: allowed, subjects: subjects,
            serviceUnits: serviceUnits, sketches: sketches, told: DistinctCounts())
    }

    init(
        login: Login, hour: Timestamp, rhythm: Rhythm, allowed: UInt32, subjects: SubjectTally,
        serviceUnits: ServiceUnitCounts, sketches: AccountSketches?, told: DistinctCounts
    ) {
        self.login = login
        self.hour = hour
        self.rhythm = rhythm
        self.allowed = allowed
        self.subjects = subjects
        self.serviceUnits = serviceUnits
        self.sketches = sketches
        self.told = told
    }

    public var distinct: DistinctCounts { sketches?.counts ?? told }

    /// The features as a summary tells them.
    public var withoutSketches: AccountFeatures {
        var copy = self
        copy.told = distinct
        copy.sketches = nil
        return copy
    }

    /// Adds the features that followed, of the same login and hour. Where both have sketches the result equals one
    /// pass over both; where one has none, `distinct` becomes an upper bound.
    public mutating func merge(_ next: AccountFeatures) {
        precondition(login == next.login && hour == next.hour, "features of different accounts")
        rhythm.merge(next.rhythm)
        allowed = saturatingSum(allowed, next.allowed)
        subjects.merge(next.subjects)
        serviceUnits.merge(next.serviceUnits)
        if let theirs = next.sketches, sketches != nil {
            sketches?.merge(theirs)
        } else {
            var counts = distinct
            counts.addAtMost(next.distinct)
            told = counts
            sketches = nil
        }
    }

    /// Merges the features that followed in time into a list, by login and hour.
    public static func merge(_ next: [AccountFeatures], into list: inout [AccountFeatures]) {
        struct Key: Hashable {
            let login: Login, hour: Timestamp
        }
        guard !list.isEmpty else { return list = next }
        var places: [Key: Int] = [:]
        for (index, one) in list.enumerated() {
            places[Key(login: one.login, hour: one.hour)] = index
        }
        for one in next {
            if let place = places[Key(login: one.login, hour: one.hour)] {
                list[place].merge(one)
            } else {
                places[Key(login: one.login, hour: one.hour)] = list.count
                list.append(one)
            }
        }
    }

    /// Whether every number lies where an honest agent's can.
    public var isPlausible: Bool {
        let hourEnd = UInt32(Timestamp.millisecondsPerHour)
        let attempts = rhythm.attempts
        return hour.isPlausible && rhythm.first < hourEnd && rhythm.last < hourEnd
            && attempts > 0 && allowed <= attempts && rhythm.gaps.count < attempts
            && [rhythm.perSecond, rhythm.perMinute].allSatisfy { peak in
                [peak.first, peak.last].allSatisfy { 1 <= $0 && $0 <= peak.most }
                    && peak.most <= attempts
            }
            && (1..<(1 << 60)).contains(rhythm.minutes)
            && serviceUnits.entries.allSatisfy { $0.count > 0 }
    }
}
