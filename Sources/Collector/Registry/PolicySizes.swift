import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Computes how large the policy of a system would be, without writing it. An agent takes at most
/// `Limits.policyBytesMax` bytes, so whoever would make it larger is told first.
package struct PolicySizes {
    package let records: Records
    package let config: CollectorConfig
    package let now: Timestamp

    package init(_ records: Records, _ config: CollectorConfig, _ now: Timestamp) {
        self.records = records
        self.config = config
        self.now = now
    }

    /// Room for what signing adds to a policy: keys, version, times, header and signature.
    private static let frameBytes = 2048
    /// The most that an allowance, a notice or an emergency takes, without the names in it.
    package static let termBytes = 512

    /// Checks every system that a plan touches; throws for one whose policy would be too large.
    package func check(_ plan: RegistryPlan) throws {
        var growth: [SystemCode: Int] = [:]
        for change in plan.changes where plan.kind.hasRegistrations {
            switch change {
            case .added(let row):
                growth[row.system, default: 0] += bytes(plan.kind, row.key, row.values)
            case .changed(let row, let former):
                growth[row.system, default: 0] +=
                    bytes(plan.kind, row.key, row.values) - bytes(plan.kind, row.key, former)
            case .removed(let key, let former):
                growth[SystemCode(unchecked: key[0].asText), default: 0] -=
                    bytes(plan.kind, key, former)
            }
        }
        for (system, more) in growth.sorted(by: { $0.key < $1.key }) where more > 0 {
            try check(system, growth: more)
        }
    }

    /// Throws if the policy of a system would be larger than its agents take. `growth` is in bytes of JSON.
    package func check(_ system: SystemCode, growth: Int) throws {
        let size = try size(of: system, growth: growth)
        let most = Limits.policyBytesMax
        guard size > most else { return }
        throw CommandFailure(
            .badInput,
            "\(system): its policy would have \(size) bytes; agents take \(most) at most, so nothing was changed. Take out accounts that are not used (registry import --replace), or register a part of them under a system of its own",
            vi:
                "\(system): chính sách sẽ dài \(size) byte; điểm chốt chỉ nhận tối đa \(most) byte nên chưa thay đổi gì. Hãy bỏ các tài khoản không dùng (registry import --replace) hoặc đăng ký một phần tài khoản vào hệ thống riêng"
        )
    }

    /// Returns the bytes of the signed text, never too few.
    package func size(of system: SystemCode, growth: Int = 0) throws -> Int {
        var json = Self.frameBytes + growth
        if let record = try records.system(system) {
            json += try encodeJSON(try records.terms(record, config, at: now)).count
        }
        for kind in [RegistryKind.accounts, .services] {
            try records.eachRegistered(kind, system) { json += bytes(kind, $0, $1) }
        }
        // base64url makes four characters of three bytes.
        return (json + 2) / 3 * 4
    }

    /// Returns what a row adds to the JSON of its system's policy, in bytes.
    private func bytes(_ kind: RegistryKind, _ key: [StoredValue], _ values: [StoredValue]) -> Int {
        func value(_ column: String) -> String { values[kind.place(of: column)].asText }
        switch kind {
        case .accounts:
            let isPerson = value("kind") != "system"
            let officers = [value("cccd"), value("officer_code")].count {
                isPerson && !$0.isEmpty
            }
            // Each officer is 16 bytes of an HMAC as base64url, with quotes and a comma.
            let frame = #"{"kind":"","login":"","officers":[],"per_day":},"#.utf8.count
            return frame + value("kind").utf8.count + quoted(key[1].asText)
                + value("per_day").utf8.count + max(0, officers * 25 - 1)
        case .services:
            let frame = #"{"off_per_day":,"office_per_day":,"service":""},"#.utf8.count
            return frame + value("off_per_day").utf8.count + value("office_per_day").utf8.count
                + quoted(key[1].asText)
        case .notices: return Self.termBytes + quoted(key[1].asText)
        case .units, .systems: return 0
        }
    }

    private func quoted(_ text: String) -> Int {
        text.utf8.reduce(0) { $0 + ($1 == 0x22 || $1 == 0x5C ? 2 : 1) }
    }
}
