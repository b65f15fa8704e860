/// What a line of an answer stands for, in the store's numbers. Fields that were not asked for are 0.
package struct UsageKey: Hashable {
    /// The number of a unit within the answer, or of a system.
    package var place: Int64 = 0
    package var account: Int64 = 0
    package var service: Int64 = 0
    package var hour: Int64 = 0
    /// Days since 1970.
    package var day: Int64 = 0
    package var date: Int64 = 0
    package var isOff = false
}
