import Domain
import FoundationEssentials
import Testing

@Suite("Summary on the wire") struct SummaryTests {
    static let older = """
        {"v":1,"agent":"H26.motcua/1","system":"H26.motcua","epoch":1,"seq":1,"part":{"n":1,"of":1},
        "prev":"","from":1795486000000,"to":1795486060000,"every_ms":60000,"held":{},"dropped":{},
        "refused_sets":{},"breaches":[],"rows":[]}
        """

    func decode(_ text: String) throws -> Summary {
        try JSONDecoder().decode(Summary.self, from: Data(text.utf8))
    }

    @Test("what an older agent does not name is empty")
    func older() throws {
        let summary = try decode(Self.older)
        #expect(summary.refusals.isEmpty && summary.bypass == nil && summary.isPlausible)
    }

    @Test(
        "numbers that no honest agent sends are refused before anything is computed with them",
        arguments: [
            ("\"to\":1795486060000", "\"to\":9223372036854775807"),
            ("\"from\":1795486000000", "\"from\":-9223372036854775808"),
            ("\"every_ms\":60000", "\"every_ms\":-1"),
            ("\"refused_sets\":{}", "\"refused_sets\":{\"a\":9223372036854775807}"),
            ("\"dropped\":{}", "\"dropped\":{\"torn\":-1}"),
            ("\"held\":{}", "\"held\":{},\"clock_offset_ms\":-9223372036854775808"),
            (
                "\"rows\":[]",
                "\"rows\":[{\"login\":\"a\",\"service\":\"b\",\"hour\":9223372036854000000,"
                    + "\"window\":\"off\",\"allowed\":1,\"denied\":{},\"passed\":0,\"would\":{}}]"
            ),
            (
                "\"breaches\":[]",
                "\"breaches\":[],\"refusals\":[{\"lock\":\"L\",\"first\":9223372036854775807,"
                    + "\"count\":1}]"
            ),
        ])
    func implausible(_ from: String, _ to: String) throws {
        #expect(try !decode(Self.older.replacing(from, with: to)).isPlausible)
    }
}

@Suite("Rate meter") struct RateMeterTests {
    @Test("a burst passes, then one a cost; a clock that steps back shuts nobody out")
    func meter() {
        let rate = Rate(limit: 3, periodMilliseconds: 3000)
        let start = Timestamp("2026-11-24T08:00:00")!
        var meter = RateMeter()
        #expect(
            (0..<4).map { _ in meter.take(rate, at: start) == nil } == [true, true, true, false])
        #expect(meter.take(rate, at: start.advanced(byMilliseconds: 1000)) == nil)
        #expect(meter.take(rate, at: start.advanced(byMilliseconds: 1000)) == 1000)
        #expect(meter.take(rate, at: start.advanced(byMilliseconds: -3_600_000)) == nil)
    }
}
