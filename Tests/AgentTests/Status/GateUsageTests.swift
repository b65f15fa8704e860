import Domain
import Platform
import Testing

@testable import Agent

@Suite("GateUsage") struct GateUsageTests {
    private func gate(_ counts: [(String, Int64, String)]) -> Gate {
        var gate = Gate(
            rules: GateRules(policy: Sample.policy(perDay: 10, office: 100, off: 7), sets: []))
        for (login, count, hour) in counts {
            gate.recall(
                Login(login)!, Sample.service, hour: Timestamp("2026-11-24T\(hour):00:00")!,
                allowed: count)
        }
        return gate
    }

    @Test("accounts of the day and services of the window stand against what is registered")
    func office() throws {
        let gate = gate([("canbo1", 6, "08"), ("canbo1", 3, "19"), ("la", 50, "09")])
        let usage = gate.usage(at: Sample.noon)
        let account = try #require(usage.accounts(at: Sample.noon).first)
        #expect(account.used == 9 && account.quota.registered == 10 && account.share == 0.9)
        #expect(usage.accounts(at: Sample.noon).count == 1, "who is not registered has no volume")
        #expect(usage.services(at: Sample.noon).map(\.used) == [56])
        #expect(usage.cap(at: Sample.noon) == nil)
    }

    @Test("off hours the cap of the system is shown, and other agents' counts are added")
    func off() throws {
        var gate = gate([("canbo1", 6, "08"), ("canbo1", 3, "19")])
        let night = Timestamp("2026-11-24T20:00:00")!
        gate.adoptOthers([Sample.account: 5])
        let usage = gate.usage(at: night)
        #expect(usage.accounts(at: night).map(\.used) == [14])
        #expect(usage.services(at: night).map(\.used) == [3])
        #expect(usage.services(at: night).map(\.quota.registered) == [7])
        let cap = try #require(usage.cap(at: night))
        #expect(cap.used == 3 && cap.quota.registered == 1000)
    }

    @Test("a day without a query has no lines")
    func empty() {
        let usage = gate([]).usage(at: Sample.noon)
        #expect(usage.accounts(at: Sample.noon).isEmpty && usage.services(at: Sample.noon).isEmpty)
    }

    @Test("a lock ends so much later as the time is unsure")
    func unsure() {
        let end = Sample.noon.advanced(byMilliseconds: -1)
        var gate = Gate(
            rules: GateRules(
                policy: Sample.policy(), sets: [Sample.lock("system=H26.motcua", expires: end)]))
        #expect(gate.decide(Sample.query()).refusal == nil)
        gate.unsureMilliseconds = 2
        #expect(gate.decide(Sample.query()).refusal?.reason == .lock)
    }
}

@Suite("ForwardProxy") struct ForwardProxyTests {
    @Test(
        "takes an address, with a user where the proxy wants one",
        arguments: [
            ("http://proxy.example:3128", true), ("https://10.0.0.1", true),
            ("http://nguoidung:matkhau@proxy.example:8080", true), ("http://[::1]:3128", true),
            ("proxy.example:3128", false), ("socks5://proxy:1080", false), ("http://", false),
            ("http://a b:1", false), ("http://us%40er:bi%23mat-p%40ss@127.0.0.1:23400", true),
            ("http://us%40er:bi#mat-p@ss@127.0.0.1:23400", false), ("http://u:a/b@proxy:1", false),
            ("http://u:a%4@proxy:1", false), ("http://u:a%zz@proxy:1", false),
            ("http://u:a?b@proxy:1", false), ("http://u:a%00@proxy:1", false),
            ("http://proxy:99999", false), ("http://u:p@", false),
        ])
    func valid(_ url: String, _ isValid: Bool) {
        #expect(ForwardProxy.isValid(url) == isValid)
    }
}

@Suite("StorageTroubles") struct StorageTroublesTests {
    private struct Failure: Error, CustomStringConvertible { let description: String }

    @Test("a trouble keeps its beginning and its last cause until it is over")
    func since() {
        let troubles = StorageTroubles()
        troubles.note(.take, Failure(description: "đĩa đầy"), at: Sample.noon)
        troubles.note(
            .take, Failure(description: "đĩa hỏng"), at: Sample.noon.advanced(byMilliseconds: 9))
        troubles.note(.cut, Failure(description: "đĩa đầy"), at: Sample.noon)
        #expect(troubles.all.map(\.task) == [.cut, .take])
        #expect(troubles.all[1].since == Sample.noon && troubles.all[1].cause.vi == "đĩa hỏng")
        troubles.clear(.cut)
        troubles.clear(.take)
        #expect(troubles.all.isEmpty)
    }
}
