/// What a line of an answer stands for, in the store's numbers: only what was asked for differs from 0.
struct UsageKey: Hashable {
    /// A place among the units of the answer, or a system.
    var place: Int64 = 0
    var account: Int64 = 0
    var service: Int64 = 0
    var hour: Int64 = 0
    /// Days since 1970.
    var day: Int64 = 0
    var date: Int64 = 0
    var isOff = false
}
