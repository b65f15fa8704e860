import Domain

/// What is kept of one account in the current hour. It takes about 300 bytes with a handful of subjects and grows
/// with the number of different subjects to 1.5 KiB at most. It is a class, so that thousands take no more room than
/// they fill.
///
/// `@unchecked Sendable`: it belongs to the tracker and is reached under its lock until the seal takes its hour out;
/// from then on it belongs to the one caller that took it.
final class AccountRecord: @unchecked Sendable {
    private(set) var rhythm: Rhythm
    private(set) var allowed: UInt32 = 0
    private(set) var subjects = SubjectTally()
    var sketches = AccountSketches()
    private var units = ServiceUnitTally()

    /// Begins with one query, at a millisecond of the hour.
    init(at millisecond: UInt32) { rhythm = Rhythm(at: millisecond) }

    func note(at millisecond: UInt32) { rhythm.note(at: millisecond) }

    func noteAllowed() { allowed &+= 1 }

    func note(_ birthplace: SubjectTally.Birthplace, _ step: SubjectRuns.Step?) {
        subjects.note(birthplace)
        if let step { subjects.note(step) }
    }

    func noteServiceUnit(_ number: UInt16?) { units.add(number) }

    func features(_ login: Login, _ hour: Timestamp, _ names: ServiceUnitNames) -> AccountFeatures {
        AccountFeatures(
            login: login, hour: hour, rhythm: rhythm, allowed: allowed, subjects: subjects,
            serviceUnits: units.counts(names), sketches: sketches)
    }
}

/// Counts the first four `MaDVC` of an account, by their number in `ServiceUnitNames`.
private struct ServiceUnitTally {
    private var numbers = SIMD4<UInt16>(repeating: .max)
    private var counts = SIMD4<UInt32>()
    private var others: UInt32 = 0

    /// Adds a query; nil stands for a code that found no room among the names.
    mutating func add(_ number: UInt16?) {
        if let number {
            for place in 0..<4 where numbers[place] == number || numbers[place] == .max {
                numbers[place] = number
                counts[place] &+= 1
                return
            }
        }
        others &+= 1
    }

    func counts(_ names: ServiceUnitNames) -> ServiceUnitCounts {
        let entries = (0..<4).filter { numbers[$0] != .max }.map {
            ServiceUnitCounts.Entry(name: names[numbers[$0]], count: counts[$0])
        }
        return ServiceUnitCounts(entries, others: others)
    }
}

/// The `MaDVC` codes of an hour, each kept once, in bounded memory.
struct ServiceUnitNames {
    static let namesMax = 512

    private var names: [String] = []
    private var numbers: [String: UInt16] = [:]

    /// The number of a code; nil when the code is too long or there are too many.
    mutating func number(_ name: String) -> UInt16? {
        if let number = numbers[name] { return number }
        guard names.count < Self.namesMax, name.utf8.count <= ServiceUnitCounts.nameBytesMax else {
            return nil
        }
        let number = UInt16(names.count)
        names.append(name)
        numbers[name] = number
        return number
    }

    subscript(number: UInt16) -> String { names[Int(number)] }
}
