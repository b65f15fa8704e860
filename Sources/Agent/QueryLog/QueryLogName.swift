import Domain

/// The name of one file of the query log: `queries-2026-11-24.log`, the second of that date
/// `queries-2026-11-24-2.log`; compressed ones end with `.gz`.
struct QueryLogName: Hashable, Comparable, Sendable {
    let date: CalendarDate
    /// Counted from 1. A date has more than one file when it is large or the agent was restarted.
    let number: Int

    static let packed = ".gz"
    /// The ending of a file that is being compressed. One that a crash left behind is worthless.
    static let halfPacked = ".gz.new"

    init(date: CalendarDate, number: Int) {
        self.date = date
        self.number = number
    }

    /// Reads the name of a plain file; nil for any other.
    init?(_ name: String) {
        guard name.hasPrefix("queries-"), name.hasSuffix(".log") else { return nil }
        let middle = name.dropFirst(8).dropLast(4)
        guard let date = CalendarDate(String(middle.prefix(10))) else { return nil }
        let rest = middle.dropFirst(10)
        if rest.isEmpty {
            self.init(date: date, number: 1)
            return
        }
        let digits = rest.dropFirst()
        guard rest.hasPrefix("-"), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            digits.first != "0", let number = Int(digits), (2...999_999).contains(number)
        else { return nil }
        self.init(date: date, number: number)
    }

    var plain: String { "queries-\(date)\(number == 1 ? "" : "-\(number)").log" }

    static func < (a: QueryLogName, b: QueryLogName) -> Bool {
        (a.date, a.number) < (b.date, b.number)
    }
}
