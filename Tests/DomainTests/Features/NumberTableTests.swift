import Testing

@testable import Domain

@Suite("Numbers of the features") struct NumberTableTests {
    @Test("a table of numbers holds what a dictionary holds, whatever comes and goes")
    func asDictionary() {
        var chance = SeededValues(seed: 5)
        for max in [1, 3, 64] {
            var table = NumberTable(max: max)
            var model: [UInt64: UInt32] = [:]
            for _ in 0..<20_000 {
                // Few and close together, so that they meet and wrap around.
                let number = chance.next() % UInt64(3 * max)
                let count = UInt32(chance.next() % 9 + 1)
                switch chance.next() % 3 {
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
        var chance = SeededValues(seed: 6)
        for _ in 0..<50 {
            var at = UInt32(chance.next() % 3_600_000)
            var noted = Rhythm(at: at)
            var merged = noted
            for _ in 0..<400 {
                // Mostly close together, now and then back, and past the hour.
                let step = Int64(
                    chance.next() % 3 == 0 ? chance.next() % 100_000 : chance.next() % 900)
                let back = chance.next() % 20 == 0
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
