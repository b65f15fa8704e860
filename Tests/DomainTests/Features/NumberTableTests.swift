import Testing

@testable import Domain

private func below(_ bound: UInt64, _ chance: inout SeededValues) -> UInt64 {
    (chance.next() as UInt64) % bound
}

@Suite("Numbers of the features") struct NumberTableTests {
    @Test("a table of numbers holds what a dictionary holds, whatever comes and goes")
    func asDictionary() {
        var chance = SeededValues(5)
        for max in [1, 3, 64] {
            var table = NumberTable(max: max)
            var model: [UInt64: UInt32] = [:]
            for _ in 0..<20_000 {
                // Few and close together, so that they meet and wrap around.
                let number = below(UInt64(3 * max), &chance)
                let count = UInt32(below(9, &chance) + 1)
                switch below(3, &chance) {
                case 0 where model[number] == nil && model.count < max:
                    table.add(number, count)
                    model[number] = count
                case 1:
                    #expect(table.replace(number, by: count) == (model[number] != nil))
                    if model[number] != nil { model[number] = count }
                default:
                    table.remove(number)
                    model[number] = nil
                }
                for number in 0..<UInt64(3 * max) {
                    guard table[number] == model[number] ?? 0 else {
                        Issue.record("\(number): \(table[number]), not \(model[number] ?? 0)")
                        return
                    }
                }
            }
        }
    }

    @Test("a query noted in a rhythm is the rhythm of one query merged into it")
    func noteIsMerge() {
        var chance = SeededValues(6)
        for _ in 0..<50 {
            var at = UInt32(below(3_600_000, &chance))
            var noted = Rhythm(at: at)
            var merged = noted
            for _ in 0..<400 {
                // Mostly close together, now and then back, and past the hour.
                let step = Int64(
                    below(3, &chance) == 0 ? below(100_000, &chance) : below(900, &chance))
                let back = below(20, &chance) == 0
                at = UInt32(clamping: back ? Int64(at) - step : Int64(at) + step)
                noted.note(at: at)
                merged.merge(Rhythm(at: at))
                guard noted == merged else {
                    Issue.record("at \(at): \(noted), not \(merged)")
                    return
                }
            }
        }
    }
}
