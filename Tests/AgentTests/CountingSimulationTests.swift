import Domain
import Glibc
import Platform
import Testing
import Wire

@testable import Agent

/// A seed drives Checkpoint, Ledger and Outbox through kills at every step, clock jumps, answers that are lost and a
/// collector restored from backup; a trivial model tells what must come out. Promises 1 and 2 of the design.
@Suite("Counting, by seeds") struct CountingSimulationTests {
    /// A hundred, or as many as `make simulate SEEDS=…` asks for.
    static let seedsMax = getenv("CHOT_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 100

    @Test("every query is counted exactly once, whatever dies when", arguments: 1...seedsMax)
    func seeds(_ seed: UInt64) throws {
        var world = try World(seed)
        for tick in 0..<60 {
            try world.tick()
            let (asked, known) = (world.asked.values.reduce(0, +), world.collected)
            #expect(known <= asked, "seed \(seed), tick \(tick): more counted than asked")
        }
        try world.heal()
        #expect(world.totals == world.asked, "seed \(seed)")
        #expect(world.problems.isEmpty, "seed \(seed): \(world.problems)")
    }
}

private struct World {
    struct Key: Hashable {
        let login: Login, hour: Timestamp
    }

    struct Killed: Error {}

    var random: SplitMix
    let scratch: Scratch
    var now = Sample.noon
    var checkpoint: Checkpoint?
    var outbox: Outbox?
    var asked: [Key: Int64] = [:]
    /// What the model collector took: summaries by number, in their order.
    var taken: [Interval] = []
    var problems: [String] = []

    init(_ seed: UInt64) throws {
        random = SplitMix(state: seed)
        scratch = try Scratch()
        try start()
    }

    var collected: Int64 { taken.flatMap(\.rows).reduce(0) { $0 + $1.allowed } }

    var totals: [Key: Int64] {
        taken.flatMap(\.rows).reduce(into: [:]) {
            $0[Key(login: $1.login, hour: $1.hour), default: 0] += $1.allowed
        }
    }

    mutating func tick() throws {
        now = now.advanced(byMilliseconds: Int64(random.below(120_000)))
        // The clock steps, seldom by hours.
        if random.below(20) == 0 {
            let step = Int64(random.below(random.below(4) == 0 ? 14_000_000 : 100_000))
            now = now.advanced(byMilliseconds: random.below(2) == 0 ? step : -step)
        }
        for _ in 0..<random.below(30) { ask() }
        do {
            if random.below(2) == 0 { try seal() }
            if random.below(3) == 0 { try sign() }
            if random.below(2) == 0 { try push() }
            if random.below(25) == 0 { try restoreCollector() }
            if random.below(8) == 0 { throw Killed() }
        } catch is Killed {
            try start()
        }
    }

    /// No more faults: everything must arrive.
    mutating func heal() throws {
        random.isCalm = true
        try start()
        try seal()
        while try outbox!.backlog().intervals > 0 { try sign() }
        while try outbox!.backlog().summaries > 0 { try push() }
    }

    private mutating func ask() {
        let login = Login("canbo\(random.below(4))")!
        let query = Query(login: login, service: Sample.service, source: "", at: now)
        guard case .allow = checkpoint!.judge(query) else { return }
        asked[Key(login: login, hour: now.hourStart), default: 0] += 1
    }

    /// Dies here now and then.
    private mutating func mayDie() throws { if random.below(12) == 0 { throw Killed() } }

    /// What a start does with what the last run left: `SystemPost.openCheckpoint`.
    private mutating func start() throws {
        (checkpoint, outbox) = (nil, nil)
        let folder = "\(scratch.path)/ledger"
        let box = try Outbox(path: "\(scratch.path)/agent.db", epoch: 1)
        while checkpoint == nil {
            let last = try box.lastTaken()
            let opened = try Ledger.open(
                folder: folder, after: last.ledger, from: max(now, last.to))
            do {
                for sealed in opened.left {
                    try mayDie()
                    try box.take(
                        Interval(
                            from: sealed.file.from, to: sealed.file.to, rows: sealed.file.rows()),
                        ledger: sealed.number)
                    try mayDie()
                    Files.remove(sealed.file.path)
                }
            } catch is Killed { continue }
            var policy = Sample.policy(mode: .observe)
            policy.accounts = (0..<4).map {
                .init(login: Login("canbo\($0)")!, perDay: 1 << 30, kind: .person)
            }
            checkpoint = Checkpoint(
                gate: Gate(rules: GateRules(policy: policy, sets: [])), ledger: opened.ledger,
                wake: WakeEvent())
        }
        outbox = box
    }

    private mutating func seal() throws {
        let sealed = try checkpoint!.seal(at: now).sealed
        try mayDie()
        try outbox!.take(
            Interval(from: sealed.file.from, to: sealed.file.to, rows: sealed.file.rows()),
            ledger: sealed.number)
        try mayDie()
        Files.remove("\(scratch.path)/ledger/\(sealed.number)")
    }

    private mutating func sign() throws {
        try mayDie()
        _ = try outbox!.sign(at: now) { interval, position, store in
            let text = String(decoding: try encodeJSON(interval), as: UTF8.self)
            try store(text, position.seq + 1)
        }
    }

    private mutating func push() throws {
        for summary in try outbox!.waiting() {
            let seq = Int(summary.seq)
            if seq == taken.count + 1 {
                let interval = try decodeJSON(Interval.self, [UInt8](summary.jws.utf8))
                if let last = taken.last, interval.from < last.to {
                    problems.append("overlap at \(seq)")
                }
                taken.append(interval)
            } else if seq > taken.count + 1 {
                problems.append("gap before \(seq)")
            }
            // The answer may be lost, or the agent dies on it: the same bytes come again.
            if random.below(6) == 0 { return }
            try mayDie()
            try outbox!.settle(summary.epoch, summary.seq, accepted: true)
        }
    }

    /// It forgets its last summaries and asks for them again.
    private mutating func restoreCollector() throws {
        let kept = taken.count - min(taken.count, random.below(5))
        guard kept < taken.count else { return }
        taken.removeLast(taken.count - kept)
        if try !outbox!.sendAgain(epoch: 1, from: Int64(kept) + 1) {
            problems.append("what was acknowledged is no longer kept")
        }
    }
}

private struct SplitMix {
    var state: UInt64
    /// Nothing unlikely happens any more.
    var isCalm = false

    mutating func below(_ limit: Int) -> Int {
        if isCalm { return limit - 1 }
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(max(1, limit)))
    }
}
