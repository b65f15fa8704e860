import Domain
import Platform
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorClock
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// The table of docs/wire-format.md, "Who may say what": each field of a summary with what its sender may not say.
@Suite("Every field of the wire") struct WireFieldTests {
    static let fields = [
        "v", "agent", "system", "epoch", "seq", "part.n", "part.of", "prev", "from", "to",
        "every_ms",
        "clock_offset_ms", "returns", "held.nation", "held.system", "held.policy", "downtime.from",
        "downtime.to", "downtime.outcome", "dropped.torn", "dropped.x y", "refused_sets.stale",
        "refused_sets.x y", "breaches.0.rule", "breaches.0.scope", "breaches.0.key", "breaches.0.k",
        "breaches.0.at", "breaches.0.count", "breaches.0.threshold", "refusals.0.lock",
        "refusals.0.first", "refusals.0.count", "bypass.from", "bypass.until", "bypass.reason",
        "bypass.by", "rows.0.login", "rows.0.service", "rows.0.hour", "rows.0.window",
        "rows.0.allowed", "rows.0.passed", "rows.0.denied.lock", "rows.0.denied.x y",
        "rows.0.would.R10", "features.0", "sketch_sha256",
    ]

    @Test(
        "what no agent may say traps nothing, moves nobody else's counts, and honest agents go on")
    func everyField() throws {
        try SenderRig.run { rig in
            let foreign = try rig.lock("system=H29.mot")
            let values: [JSONValue] = [
                .string("H29.mot"), .string("H29.mot/1"), .string("account=canbo1@H29.mot"),
                .string(foreign.id), .string("unit=H29"),
                .string("9.9." + String(repeating: "x", count: 43)),
                .string("1.999999999"), .string("1.999999999." + String(repeating: "x", count: 43)),
                .string(String(repeating: "x", count: 20_000)),
                .string("\u{1b}[31m\n"), .string(""), .integer(-1), .integer(.min), .integer(.max),
                .integer(1 << 40), .integer((1 << 40) + 1), .integer(1_609_459_200_000),
                .integer(4_070_908_800_000), .number(1e300), .null, .array([]), .object([:]),
            ]
            var sent = 0
            var counted: Int64 = 0
            for field in Self.fields {
                for value in values {
                    rig.time.pass(1000)
                    try Self.push(rig, field, value)
                    sent += 1
                }
                let summary = try rig.summary(rig.honest, [rig.row(3)])
                #expect(try rig.push(rig.honest, summary).status == .accepted, "after \(field)")
                counted += 3
            }
            #expect(sent == Self.fields.count * values.count)
            #expect(try rig.allowed(rig.honest) == counted)
            let lock = try rig.lock(again: foreign)
            #expect(lock.refused == 0 && lock.firstRefusal == nil)
            let others = try rig.server.store.read { try $0.locks(state: .active).map(\.id) }
            #expect(others == [foreign.id])
            let missing = Set(["foreign", "content", "line", "held"]).subtracting(try rig.alerts())
            #expect(missing.isEmpty)
            #expect(try rig.gaps(rig.honest).isEmpty)
            // The sender itself may go on as well.
            try rig.newEpoch(rig.rogue)
            rig.time.pass(1000)
            #expect(try rig.push(rig.rogue, try rig.summary(rig.rogue)).status == .accepted)
        }
    }

    /// One summary in which everything is right but one field.
    private static func push(_ rig: SenderRig, _ field: String, _ value: JSONValue) throws {
        var summary = try rig.summary(rig.rogue, [rig.row(1, denied: ["lock": 1])])
        // Times that "came back" as often as was told: else it is an overlap, and nothing more is looked at.
        summary.returns = try rig.server.store.read { try $0.returns(rig.rogue.id) }
        summary.downtime = .init(from: summary.from, to: summary.from, outcome: .refused)
        summary.breaches = [
            Breach(
                rule: .r1, scope: .account(Login(unchecked: "canbo1"), summary.system),
                key: "2026-11-24", k: 1, at: summary.to, count: 1, threshold: 1)
        ]
        summary.refusals = [LockRefusals(lock: "L-2026-999999", first: summary.to, count: 1)]
        summary.bypass = BypassNote(from: summary.from, until: summary.to, reason: "x", by: "y")
        let plain = try decodeJSON(JSONValue.self, try encodeJSON(summary))
        let changed = Self.set(field.split(separator: ".").map(String.init)[...], value, in: plain)
        let jws = try JWS.sign(changed, typ: Summary.typ, with: rig.rogue.key)
        #expect(try rig.push(rig.rogue, [jws]) != nil, "\(field) \(value)")
        if try rig.record(rig.rogue).coveredTo > rig.now { try rig.newEpoch(rig.rogue) }
    }

    static func set(_ path: ArraySlice<String>, _ value: JSONValue, in json: JSONValue)
        -> JSONValue
    {
        guard let step = path.first else { return value }
        switch json {
        case .object(var object):
            object[step] = set(path.dropFirst(), value, in: object[step] ?? .object([:]))
            return .object(object)
        case .array(var list):
            guard let place = Int(step) else { return json }
            if place < list.count {
                list[place] = set(path.dropFirst(), value, in: list[place])
            } else {
                list.append(set(path.dropFirst(), value, in: .object([:])))
            }
            return .array(list)
        default: return path.count == 1 ? .array([value]) : json
        }
    }
}
