import Domain

/// Tells by the first three digits of a subject's number whether the subject was born in the unit's province, with
/// its borders since 2025-07-01. The codes are those of the 63 provinces before; `birth_codes.csv` gives the present
/// unit of each.
struct Birthplaces: Sendable {
    private let codes: [SubjectTally.Birthplace]

    init(unit: UnitCode) {
        var codes = [SubjectTally.Birthplace](repeating: .unplaced, count: 1000)
        for (code, now) in Self.table where code < codes.count {
            codes[code] = now == unit.rawValue ? .home : .elsewhere
        }
        self.codes = codes
    }

    /// The birthplace of a number. Foreign codes, codes of no place, and anything but twelve digits are `unplaced`.
    func place(_ number: UInt64?) -> SubjectTally.Birthplace {
        guard let number, number < 1_000_000_000_000 else { return .unplaced }
        return codes[Int(number / 1_000_000_000)]
    }

    /// Each code and its present unit, from the embedded file (code,province,unit).
    static let table: [(code: Int, unit: String)] =
        String(decoding: PackageResources.birth_codes_csv, as: UTF8.self)
        .split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == 3, let code = Int(cells[0]) else { return nil }
            return (code, String(cells[2]))
        }
}
