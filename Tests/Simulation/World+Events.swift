import Domain
import Platform
import Wire

@testable import Agent

/// What happens in a tick.
extension World {
    func step() {
        time.now += chance.one(of: [
            chance.time(1...900), chance.time(500...20_000), chance.time(10_000...120_000),
        ])
        if chance.hits(0.03) { leapToBoundary() }
        trouble()
        if agent == nil, chance.hits(0.7) { start() }
        guard agent != nil, !disk.isDead else { return }
        ask(chance.one(of: [0, 1, chance.number(1...12), chance.number(1...40)]))
        agent?.look()
        if chance.hits(0.5) { sync() }
        if chance.hits(0.85) { agent?.pushRound() }
        guard !disk.isDead else { return }
        if chance.hits(0.3) { agent?.waitRound() }
        if !disk.isDead, chance.hits(0.02) { stop() }
    }

    /// To some seconds before the next hour.
    private func leapToBoundary() {
        let next = wall.hourStart.milliseconds + Timestamp.millisecondsPerHour
        time.now += max(0, next - wall.milliseconds - chance.time(500...15_000))
        note("leap")
    }

    // MARK: queries

    private func ask(_ count: Int) {
        let isFlood = plan.flood && chance.hits(0.2)
        for _ in 0..<count {
            let account = chance.one(of: volumes.accounts).login
            let login =
                chance.hits(0.85)
                ? account
                : Login(unchecked: "la\(chance.number(1...(isFlood ? 1_000_000 : 5)))")
            let service =
                chance.hits(0.95)
                ? chance.one(of: volumes.services).service : ServiceName(unchecked: "Khac")
            ask(login, service)
            if isFlood {
                for _ in 0..<12 {
                    ask(Login(unchecked: "gia\(chance.number(1...1_000_000))"), service)
                }
            }
            if chance.hits(0.05) { time.now += chance.time(1...3000) }
        }
    }

    /// One query, counted in the model by what was answered.
    func ask(_ login: Login, _ service: ServiceName) {
        guard let checkpoint = agent?.checkpoint, !disk.isDead else { return }
        let query = Query(login: login, service: service, source: "", at: wall)
        let before = checkpoint.totals.would
        let outcome = checkpoint.judge(query)
        var key = Tally.Key(
            login: login.rawValue, service: service.rawValue, hour: wall.hourStart,
            window: OfficeCalendar.letter.window(at: wall).kind, counter: "allowed")
        switch outcome {
        case .allow: asked.add(1, key)
        case .refuse(let refusal):
            key.counter = "denied \(refusal.reason.wireName)"
            asked.add(1, key)
            checkRefusal(refusal, query)
        case .cannotCount:
            note("cannot count")
            return
        }
        for (reason, count) in checkpoint.totals.would where count > before[reason] ?? 0 {
            key.counter = "would \(reason.wireName)"
            asked.add(count - (before[reason] ?? 0), key)
        }
        checkVolumes(query, refused: key.counter.hasPrefix("denied"))
    }

    /// As `LedgerSync` does once a second.
    func sync() {
        guard let checkpoint = agent?.checkpoint, !disk.isDead else { return }
        do {
            try checkpoint.sync()
            synced = asked
        } catch {
            note("sync: \(error)")
        }
    }

    /// SIGTERM.
    func stop() {
        note("stop")
        agent?.pushRound(isLast: true)
        if disk.isDead { return }
        agent = nil
        held = [:]
    }

    // MARK: troubles

    private func trouble() {
        if plan.kills, chance.hits(0.03), agent != nil { end(.kill) }
        if plan.powerLosses, chance.hits(0.03), agent != nil, !disk.isDead { end(.powerLoss) }
        buryDead()
        if plan.crashesAtSteps, chance.hits(0.08), disk.end == nil {
            let how: Disk.End = plan.powerLosses && chance.hits(0.4) ? .powerLoss : .kill
            disk.end = (disk.steps + chance.number(1...60), how)
        }
        if plan.fullDisk, chance.hits(0.06) {
            disk.isFull.toggle()
            note(disk.isFull ? "disk full" : "disk free")
        }
        if plan.outages, chance.hits(0.06) {
            network.isDown.toggle()
            note(network.isDown ? "collector away" : "collector back")
        }
        if plan.clockSteps, chance.hits(0.06) { stepClock() }
        if plan.excursions, chance.hits(0.05) { excursion() }
        if plan.snapshots { trySnapshots() }
        if plan.backups { tryBackups() }
        if chance.hits(0.05) { order() }
    }

    private func stepClock() {
        time.offset = chance.one(of: [
            0, chance.time(-5000...5000), chance.time(-400_000...400_000),
            chance.time(-9_000_000...9_000_000),
        ])
        note("clock off by \(time.offset) ms")
    }

    /// Far ahead, and back: the agent's machine, or the collector.
    private func excursion() {
        if chance.hits(0.5) {
            network.offset = network.offset == 0 ? plan.collectorAhead : 0
            note("collector's clock off by \(network.offset) ms")
        } else {
            time.offset = abs(time.offset) > 86_400_000 ? 0 : plan.machineAhead
            note("machine's clock off by \(time.offset) ms")
            if chance.hits(0.4), agent != nil {
                end(.kill)
                buryDead()
                time.reboot()
            }
        }
    }

    private func trySnapshots() {
        if snapshot == nil, chance.hits(0.05), !disk.isDead {
            snapshot = (disk.snapshot(), asked)
            note("snapshot")
        } else if let taken = snapshot, chance.hits(0.03) {
            restore(taken)
            snapshot = nil
        }
    }

    func restore(_ taken: (folder: String, asked: Tally)) {
        note("snapshot restored")
        figures.add("snapshots restored")
        // What is not counted yet may have lain only in what is replaced now.
        let counted = network.collector.totals
        lossMax.add(asked.less(counted).smaller(of: asked.less(taken.asked)))
        forgotten.add(asked.less(taken.asked))
        agent = nil
        held = [:]
        disk.restore(taken.folder)
        synced = asked
        wasRestored = true
    }

    private func tryBackups() {
        if backup == nil, chance.hits(0.08) {
            backup = network.collector
            note("backup")
        } else if let taken = backup, chance.hits(0.04) {
            note("collector restored from backup")
            figures.add("collectors restored")
            network.collector.restore(taken)
            try? network.book.restore(at: Timestamp(milliseconds: time.now))
            collectorWasRestored = true
            backup = nil
        }
    }

    private func order() {
        let now = Timestamp(milliseconds: time.now)
        switch chance.number(0...5) {
        case 0: try? network.book.lock(chance.one(of: volumes.accounts).login, at: now)
        case 1, 2: try? network.book.release(at: now)
        case 3: try? network.book.issueSet("nation", at: now)
        case 4: try? network.book.issuePolicy(at: now)
        default:
            let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &chance) }
            try? network.book.issueKeys(at: now, newSigner: Ed25519PrivateKey(seed: seed))
        }
    }

    // MARK: healing

    /// Troubles end; the agent must settle by itself.
    func heal() throws {
        note("healing")
        disk.end = nil
        disk.isFull = false
        disk.errorShare = 0
        disk.failure = nil
        disk.fate = nil
        network.isDown = false
        network.lieShare = 0
        network.offset = 0
        time.offset = plan.clockSteps ? time.offset : 0
        var quiet = 0
        for round in 0..<80 {
            tick = plan.ticks + round
            buryDead()
            start()
            time.now += 70_000
            guard let agent else { continue }
            agent.look()
            agent.pushRound()
            agent.waitRound()
            checkNow()
            if let failed { throw failed }
            let backlog = try agent.outbox.backlog()
            let isQuiet = backlog.intervals == 0 && backlog.summaries == 0
            quiet = isQuiet ? quiet + 1 : 0
            // Several seals, so that a collector which stands behind is noticed.
            if quiet > quietRounds { return finish() }
        }
        throw Broken(description: "does not settle after all troubles have ended")
    }

    private func finish() {
        agent?.pushRound(isLast: true)
        checkOrdersAtEnd()
    }
}
