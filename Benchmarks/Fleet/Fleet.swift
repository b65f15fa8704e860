import Domain
import Platform
import Wire

/// A nation of agents at work on one thread: seals, pushes, waits for locks, and now and then does what it should not.
final class Fleet {
    static let batchMax = 16

    let settings: FleetSettings
    let collector: String
    let agents: [FleetAgent]
    let text: SummaryText
    let client = HTTPMultiClient()
    var watch: LockWatch
    var wheel = Wheel(now: MonotonicClock.milliseconds())
    var chance: FleetChance
    var figures = FleetFigures()
    /// Counted, as far as the collector acknowledged it.
    var totals = Totals()
    /// No more is sealed; what waits is sent.
    var isDraining = false
    /// Beside them, held long-polls are under way too.
    var pushesRunning = 0
    private var nextBurst = 0
    /// Takes a signal to stop, if one has come.
    private let takesStop: () -> Bool
    private var stops = 0

    init(
        _ state: FleetState, _ settings: FleetSettings,
        takesStop: @escaping () -> Bool = { Signals.isStopWanted }
    ) throws {
        self.settings = settings
        self.takesStop = takesStop
        collector = state.collector
        let count = settings.agents > 0 ? settings.agents : state.agents.count
        guard count <= state.agents.count else {
            throw CommandFailure(
                .usage, "--agents \(count): only \(state.agents.count) are enrolled",
                vi: "--agents \(count): chỉ có \(state.agents.count) điểm chốt đã ghi danh")
        }
        agents = try state.agents.prefix(count).enumerated().map {
            try FleetAgent($0.element, number: $0.offset)
        }
        text = SummaryText(
            rows: settings.rows, accounts: state.accounts,
            everyMilliseconds: settings.scenario == .burst
                ? 60_000 : settings.everyMilliseconds)
        watch = LockWatch(state.signing)
        chance = FleetChance(seed: settings.seed)
    }

    /// Runs the scenario, then sends what is left. A signal to stop ends the scenario, a second one the sending; where the
    /// first comes while that is left, it only says so. The time up to which all that was asked was sealed.
    func run() throws -> Timestamp {
        let start = MonotonicClock.milliseconds()
        plan(from: start)
        let end = start + settings.durationMilliseconds
        while MonotonicClock.milliseconds() < end {
            if countsStop() {
                figures.isScenarioCut = true
                break
            }
            try step()
            if settings.scenario == .herd, MonotonicClock.milliseconds() > start + 1000,
                agents.allSatisfy(\.isIdle)
            {
                break
            }
        }
        figures.activeMilliseconds = MonotonicClock.milliseconds() - start
        isDraining = true
        let sealed = Timestamp(milliseconds: WallClock.milliseconds())
        if settings.scenario != .burst {
            for agent in agents { agent.seal(to: sealed) }
        }
        for agent in agents {
            agent.isAway = false
            try push(agent)
        }
        let latest = MonotonicClock.milliseconds() + settings.drainMilliseconds
        while !agents.allSatisfy(\.isIdle), MonotonicClock.milliseconds() < latest {
            if countsStop(), stops > 1 {
                figures.isSendingCut = true
                break
            }
            try step()
        }
        figures.drainMilliseconds =
            MonotonicClock.milliseconds() - start
            - figures.activeMilliseconds
        return sealed
    }

    private func countsStop() -> Bool {
        guard takesStop() else { return false }
        stops += 1
        if stops == 1 { Log.notice("sending what was counted; a second signal gives that up") }
        return true
    }

    private func step() throws {
        if settings.scenario == .burst, !isDraining { try burst() }
        client.run(milliseconds: 10)
        for (number, event) in wheel.take(now: MonotonicClock.milliseconds()) {
            try act(event, agents[number])
        }
    }

    private func plan(from start: Int64) {
        for agent in agents {
            if settings.skewed > 0, chance.hits(settings.skewed) {
                agent.skew = chance.number(below: 2) == 0 ? -600 : 600
            }
            if settings.holdsLongPolls {
                wheel.add(.wait, of: agent.number, at: start + chance.number(below: 2000))
            }
            switch settings.scenario {
            case .steady:
                let first = start + chance.number(below: settings.everyMilliseconds)
                wheel.add(.seal, of: agent.number, at: first)
            case .ramp:
                let share = settings.durationMilliseconds / 2 * Int64(agent.number)
                wheel.add(.seal, of: agent.number, at: start + share / Int64(agents.count))
            case .herd: wheel.add(.seal, of: agent.number, at: start + 100)
            case .burst: break
            }
            if settings.dead > 0, chance.hits(settings.dead) {
                let away = chance.number(below: settings.durationMilliseconds * 2 / 3)
                wheel.add(.leave, of: agent.number, at: start + away)
            }
        }
    }

    private func act(_ event: Wheel.Event, _ agent: FleetAgent) throws {
        let now = MonotonicClock.milliseconds()
        switch event {
        case .seal:
            guard !isDraining else { return }
            if !agent.isAway {
                agent.seal(to: Timestamp(milliseconds: WallClock.milliseconds()))
                try push(agent)
            }
            if settings.scenario != .herd {
                wheel.add(.seal, of: agent.number, at: now + settings.everyMilliseconds)
            }
        case .push: try push(agent)
        case .wait: try wait(agent)
        case .leave:
            agent.isAway = true
            wheel.add(.back, of: agent.number, at: now + settings.durationMilliseconds / 4)
        case .back:
            agent.isAway = false
            try push(agent)
            if settings.holdsLongPolls { try wait(agent) }
        }
    }

    /// Keeps so many pushes under way.
    private func burst() throws {
        var passed = 0
        while pushesRunning < settings.inFlight, passed < agents.count {
            let agent = agents[nextBurst % agents.count]
            nextBurst += 1
            passed += 1
            guard !agent.isPushing, agent.failures == 0 else { continue }
            let now = WallClock.milliseconds()
            // A millisecond each: nobody counts what is yet to come.
            for _ in 0..<settings.batch where agent.at.milliseconds + 1 < now {
                agent.sealApart(to: agent.at.advanced(byMilliseconds: 1))
            }
            try push(agent)
        }
    }
}
