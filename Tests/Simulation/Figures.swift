/// What a run went through, for the line at the end.
struct Figures: CustomStringConvertible {
    private var counts: [String: Int] = [:]

    mutating func add(_ what: String, _ count: Int = 1) { counts[what, default: 0] += count }

    mutating func add(_ other: Figures) { counts.merge(other.counts, uniquingKeysWith: +) }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
