/// What a line of an answer stands for, in the store's numbers: only what was asked for differs from 0.
package struct UsageKey: Hashable {
    /// A place among the units of the answer, or a system.
    package var place: Int64 = 0
    package var account: Int64 = 0
    package var service: Int64 = 0
    package var hour: Int64 = 0
    /// Days since 1970.
    package var day: Int64 = 0
    package var date: Int64 = 0
    package var isOff = false
}
