import Domain
import Wire

@testable import Agent

extension FuzzTarget {
    /// Payloads of policies, and a few decisions by each that an agent would adopt.
    static let policy = FuzzTarget(
        "policy",
        words: [
            "\"mode\":\"enforce\"", "\"mode\":\"observe\"", "\"effect\":\"lock\"", "\"alert_at\":",
            "\"lock_at\":", "\"within_ms\":", "\"cap\":", "\"rates\":{\"account\":{\"limit\":",
            "\"period_ms\":", "\"challenge_at\":", "\"deny_at\":", "\"allowances\":[",
            "\"notices\":[",
            "\"queries\":", "\"per_day\":", "\"has_plan\":true", "\"hours\":[", "\"office_from\":",
            "\"office_to\":", "\"weekdays\":[", "\"holidays\":[", "\"emergency_until\":",
            "\"exempt\":true",
            "\"officers\":[", "\"R1\":", "\"R9\":", "\"kind\":\"system\"", "9223372036854775807",
            "-9223372036854775808", "1795486000000",
        ]
    ) { bytes in
        guard let policy = try Fuzz.reread(Policy.self, bytes), policy.isPlausible else { return }
        var gate = Gate(rules: GateRules(policy: policy, sets: []), trustsSources: true)
        let logins = policy.accounts.prefix(2).map(\.login) + [Login(unchecked: "canbo9")]
        let services =
            policy.services.prefix(2).map(\.service) + [ServiceName(unchecked: "TraCuu")]
        // Half past six to half past nine of one morning: both windows.
        var allowed: [Quota.ID: Int64] = [:]
        for step in 0..<7 {
            let at = Timestamp(milliseconds: 1_795_476_600_000 + Int64(step) * 1_800_000)
            for login in logins {
                for service in services {
                    let query = Query(
                        login: login, service: service, source: "10.0.0.\(step)", at: at,
                        officer: "x")
                    let decision = gate.decide(query)
                    try promise(
                        decision.refusal == nil || policy.mode == .enforce,
                        "refused while observing")
                    guard decision.refusal == nil else { continue }
                    for id in Quota.ID.all(login, service, policy.calendar.window(at: at)) {
                        allowed[id, default: 0] += 1
                    }
                }
            }
        }
        try promiseLimits(policy, allowed)
        // Another registration and back: nothing that was counted is forgotten.
        var other = policy
        other.accounts = Array(policy.accounts.reversed().dropLast())
        other.services = Array(policy.services.dropFirst())
        gate.adopt(GateRules(policy: other, sets: []))
        gate.adopt(GateRules(policy: policy, sets: []))
        for (id, count) in allowed {
            try promise(gate.count(id) == count, "\(gate.count(id)) instead of \(count) of \(id)")
        }
    }

    /// A person's account never gets more than its volume times the breach that locks.
    private static func promiseLimits(_ policy: Policy, _ allowed: [Quota.ID: Int64]) throws {
        let setting = policy.setting(.r1)
        guard policy.mode == .enforce, setting.effect == .lock, policy.allowances.isEmpty,
            policy.emergencyUntil == nil, !policy.isExempt
        else { return }
        let known = Dictionary(grouping: policy.accounts, by: \.login)
        for (id, count) in allowed {
            guard case .account(let login) = id.subject, let accounts = known[login],
                accounts.count == 1, accounts[0].kind == .person, accounts[0].perDay > 0
            else { continue }
            let most = Threshold(registered: accounts[0].perDay).passing(
                beforeBreach: setting.lockAt)
            try promise(count <= most, "\(count) of \(most) passed")
        }
    }
}
