/// Finds subject numbers that follow one another (a sweep) among the last few thousand different ones, over all
/// accounts of a system: a sweep shared by five logins is one run. It holds plain subject numbers in memory only;
/// they are never written, logged or sent.
///
/// It finds runs upwards, downwards, shuffled or interleaved with others' queries, as long as a neighbour is among
/// the last `window` numbers. It does not find steps other than one, neighbours further apart in time than the
/// window, or sweeps over several agents or systems that share no neighbours.
public struct SubjectRuns: Sendable {
    public static let lengthMin = 3

    public struct Step: Equatable, Sendable {
        /// The length of the run to which the number now belongs; 1 when it is alone.
        public let length: Int
        /// How many numbers are now in a run of three or more and were not before.
        public let joined: Int
    }

    private let window: Int
    /// The length of a number's run. It is right at both ends of the run; numbers inside may have an older one.
    private var lengths: NumberTable
    private var order: [UInt64] = []
    private var oldest = 0

    public init(window: Int = 8192) {
        self.window = max(2, window)
        lengths = NumberTable(max: self.window)
    }

    public var isEmpty: Bool { order.isEmpty }

    /// Nil for a number that was noted before within the window, since it lengthens no run.
    public mutating func note(_ number: UInt64) -> Step? {
        guard lengths[number] == 0 else { return nil }
        forgetOldest(for: number)
        let below = number > 0 ? lengths[number - 1] : 0
        let above = number < .max ? lengths[number + 1] : 0
        let length = saturatingSum(saturatingSum(below, above), 1)
        lengths.add(number, length)
        let low = number.subtractingReportingOverflow(UInt64(below)).partialValue
        let high = number.addingReportingOverflow(UInt64(above)).partialValue
        lengths.replace(low, by: length)
        lengths.replace(high, by: length)
        guard length >= Self.lengthMin else { return Step(length: Int(length), joined: 0) }
        let few = (below < Self.lengthMin ? below : 0) + (above < Self.lengthMin ? above : 0)
        return Step(length: Int(length), joined: 1 + Int(few))
    }

    private mutating func forgetOldest(for number: UInt64) {
        if order.count < window {
            order.append(number)
        } else {
            lengths.remove(order[oldest])
            order[oldest] = number
            oldest = (oldest + 1) % window
        }
    }

    /// The number in a subject's twelve digits; nil for any other text.
    public static func number(_ subject: String) -> UInt64? {
        guard subject.utf8.count == 12 else { return nil }
        var number: UInt64 = 0
        for byte in subject.utf8 {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + UInt64(byte - 48)
        }
        return number
    }
}
