import Domain
import Testing

@Suite("Threshold") struct ThresholdTests {
    @Test(
        "query n is breach k when n > k × T for the first time",
        arguments: [
            (Int64(5), Int64(5), 0), (5, 6, 1), (5, 10, 1), (5, 11, 2), (5, 15, 2), (5, 16, 3),
            (1, 1, 0), (1, 2, 1), (1, 3, 2),
            (0, 1, 0), (1000, 1000, 0), (1000, 1001, 1),
        ])
    func breach(_ registered: Int64, _ query: Int64, _ k: Int) {
        #expect(Threshold(registered: registered).breach(atQuery: query) == k)
    }

    @Test("exactly 2T pass before the second breach")
    func passing() {
        for registered in Int64(1)...50 {
            let threshold = Threshold(registered: registered)
            let passed = (Int64(1)...200).prefix { threshold.breach(atQuery: $0) < 2 }.count
            #expect(Int64(passed) == min(200, 2 * registered))
            #expect(threshold.passing(beforeBreach: 2) == 2 * registered)
        }
    }
}

@Suite("Scope") struct ScopeTests {
    @Test(
        "a scope is written as it is read",
        arguments: [
            "account=canbo1@H26.motcua", "account=a@b@H26.motcua",
            "service=TraCuuThongTinCongDan@H26.motcua",
            "ip=10.0.0.1@H26.motcua", "ip=2001:db8::1@*", "system=H26.motcua", "unit=H26",
            "person=pAb9@*",
        ])
    func roundTrip(_ text: String) { #expect(Scope(text)?.description == text) }

    @Test(
        "what is no scope is refused",
        arguments: [
            "", "account=canbo1", "account=@H26.motcua", "account=x@H26", "unit=h26", "system=H26",
            "person=x@H26.motcua",
            "ip=nowhere!@*", "unit=H26@*", "nation=*", "account=x@*",
        ])
    func refuses(_ text: String) { #expect(Scope(text) == nil) }
}

@Suite("Messages") struct MessageTests {
    @Test("every key has both languages with the same placeholders", arguments: MessageKey.allCases)
    func placeholders(_ key: MessageKey) {
        func names(_ text: String) -> Set<String> {
            Set(
                text.split(separator: "{").dropFirst().compactMap {
                    $0.split(separator: "}").first.map(String.init)
                })
        }
        let template = key.template
        #expect(template.vi != key.rawValue && !template.en.isEmpty)
        #expect(names(template.vi) == names(template.en))
    }

    @Test("strings from the wire cannot forge a line or turn its direction")
    func escaping() {
        #expect(shown("a\nb\u{202E}c\u{0}") == "a\\u{a}b\\u{202e}c\\u{0}")
        #expect(shown("Cán bộ") == "Cán bộ")
        #expect(shown(String(repeating: "x", count: 500)).count == 129)
    }
}

@Suite("Interval") struct IntervalTests {
    @Test("only neighbours of one hour and one run coalesce, and their rows add up")
    func coalesce() {
        let hour = Timestamp("2026-11-24T08:00:00")!
        func interval(_ from: Int64, _ to: Int64, _ allowed: Int64) -> Interval {
            Interval(
                from: hour.advanced(byMilliseconds: from), to: hour.advanced(byMilliseconds: to),
                rows: [
                    SummaryRow(
                        login: Login("a")!, service: ServiceName("S")!, hour: hour, window: .office,
                        allowed: allowed)
                ])
        }
        var first = interval(0, 1000, 2)
        #expect(first.mayCoalesce(with: interval(1000, 2000, 3)))
        #expect(!first.mayCoalesce(with: interval(1001, 2000, 3)))
        #expect(!first.mayCoalesce(with: interval(3_600_000, 3_700_000, 3)))
        first.coalesce(interval(1000, 2000, 3))
        #expect(first.rows.map(\.allowed) == [5] && first.to == hour.advanced(byMilliseconds: 2000))
    }
}
