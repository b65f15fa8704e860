/// The most queries within one clock second or minute. It keeps the counts of the first and the last such bucket, so
/// that a bucket cut in two by the end of an interval is put together again.
public struct Peak: Hashable, Sendable {
    public internal(set) var most: UInt32
    public internal(set) var first: UInt32
    public internal(set) var last: UInt32

    /// Begins with one query.
    public init() { (most, first, last) = (1, 1, 1) }

    init(most: UInt32, first: UInt32, last: UInt32) {
        (self.most, self.first, self.last) = (most, first, last)
    }

    /// Does the same as `merge` with one query.
    mutating func note(isOne: Bool, joins: Bool) {
        guard joins else {
            last = 1
            return
        }
        last = saturatingSum(last, 1)
        most = max(most, last)
        if isOne { first = last }
    }

    /// `isOne`: this peak has only one bucket; `joins`: the first bucket of `next` is the last of this one.
    mutating func merge(_ next: Peak, isOne: Bool, joins: Bool, isNextOne: Bool) {
        guard joins else {
            most = max(most, next.most)
            last = next.last
            return
        }
        let joint = saturatingSum(last, next.first)
        most = max(most, next.most, joint)
        if isOne { first = joint }
        last = isNextOne ? joint : next.last
    }
}
