import Domain
import Platform
import Wire

@testable import Agent

/// The promises, against a model that is as simple as can be.
extension World {
    // MARK: at each query

    /// Exactly `lock_at` × T pass (docs/domain.md#breach).
    func checkVolumes(_ query: Query, refused: Bool) {
        guard !volumes.observes, !refused else { return }
        for (id, registered) in quotas(of: query) {
            let passed = passed(id)
            let lost = forgotten.sum { self.counts($0, towards: id) }
            if passed > 2 * registered + lost {
                fail("promise: \(passed) queries of \(id) passed, of \(registered) registered")
            }
        }
    }

    func checkRefusal(_ refusal: Refusal, _ query: Query) {
        if volumes.observes, refusal.reason != .lock {
            fail("promise: a system that observes refused \(query.login) by \(refusal.code)")
        }
        for (id, registered) in quotas(of: query) where refusal.reason == id.denial {
            let passed = passed(id)
            if passed < 2 * registered {
                fail("promise: \(id) was refused after \(passed) of 2 × \(registered)")
            }
        }
        if refusal.reason == .lock {
            let isKnown = network.book.everLocked.contains(query.login)
            if !isKnown {
                fail("promise: \(query.login) was refused by a lock that was never signed")
            }
        }
    }

    private func quotas(of query: Query) -> [(Quota.ID, Int64)] {
        let window = OfficeCalendar.letter.window(at: query.at)
        return Quota.ID.all(query.login, query.service, window).compactMap { id in
            switch id.subject {
            case .account(let login):
                volumes.accounts.first { $0.login == login && $0.kind == .person }
                    .map { (id, $0.perDay) }
            case .service(let service):
                volumes.services.first { $0.service == service }
                    .map { (id, id.rule == .r2 ? $0.office : $0.off) }
            case .system: nil
            }
        }
    }

    private func counts(_ key: Tally.Key, towards id: Quota.ID) -> Bool {
        guard key.counter == "allowed" else { return false }
        let window = OfficeCalendar.letter.window(at: key.hour)
        guard window.date == id.date else { return false }
        switch id.subject {
        case .account(let login): return login.rawValue == key.login
        case .service(let service):
            return service.rawValue == key.service && window.kind == id.window?.kind
        case .system: return window.kind == .off
        }
    }

    private func passed(_ id: Quota.ID) -> Int64 { asked.sum { counts($0, towards: id) } }

    // MARK: at each push

    /// Nothing is counted twice or that was not asked; a breach is told once.
    func checkAfterPush() {
        let totals = network.collector.totals
        for (key, count) in totals.counts where count > asked[key] {
            // Names may have been folded together; then the sums tell.
            guard key.login != "*other", key.service != "*other" else { continue }
            // Where the time was set back while no ledger could be cut, some stand under another hour, and that is told.
            let mended = network.collector.dropped(SummaryFit.mended)
            guard count - asked[key] <= mended else {
                return fail("promise 2: \(key) counted \(count) times, asked \(asked[key])")
            }
        }
        if totals.total > asked.total {
            fail("promise 2: counted \(totals.total), asked \(asked.total)")
        }
        guard !wasRestored else { return }
        for (breach, count) in network.collector.breaches where count > 1 {
            fail("promise: breach \(breach) was told \(count) times")
        }
    }

    // MARK: at each tick

    func checkNow() {
        guard let agent else { return }
        checkOrders(agent)
        if agent.courier.unsealedCount > 3 {
            fail("bounds: \(agent.courier.unsealedCount) intervals in memory")
        }
    }

    /// Lock sets never go back, and only what was signed for this agent is in force (docs/domain.md#promise-5).
    private func checkOrders(_ agent: AgentProcess) {
        let now = agent.orders.held
        for (name, version) in [
            ("nation", now.nation?.version), ("system", now.system?.version),
            ("policy", now.policy),
        ] {
            guard let version else { continue }
            if let before = held[name], version < before {
                fail("promise 5: \(name) went back from \(before) to \(version)")
            }
            held[name] = version
        }
        for (name, one) in [("nation", now.nation), ("system", now.system)] {
            guard let one else { continue }
            if !network.book.digests(name).contains(one.digest) {
                fail("promise 5: a \(name) set \(one.version) is in force that was never issued")
            }
        }
    }

    /// Torn ledgers that the next start will find: each must be told.
    func findTorn() {
        guard hasLostPower else { return }
        let path = "\(disk.folder)/agent.db"
        let taken =
            (try? SQLiteConnection(path: path).first("SELECT last_ledger FROM position") {
                $0.integer(0)
            }) ?? nil
        for name in Files.list("\(disk.folder)/ledger") {
            guard let number = Int64(name), number > taken ?? 0 else { continue }
            let path = "\(disk.folder)/ledger/\(name)"
            guard Files.size(path) >= AgentProcess.ledgerBytes,
                let found = try? LedgerFile.recover(path), found.torn > 0
            else { continue }
            torn.insert(number)
        }
    }

    func checkStarted(_ process: AgentProcess) {
        let ca = contents("\(disk.folder)/ca.pem")
        let keys = contents("\(disk.folder)/keys.jws")
        guard
            let list = try? KeyList.verified(
                String(decoding: keys, as: UTF8.self), root: setting.identity.root)
        else { return fail("promise 5: keys.jws on the disk does not verify") }
        if [UInt8](list.ca.utf8) != ca, !disk.isTroubled {
            fail("ca.pem is not the authority of keys.jws: the collector cannot be reached again")
        }
    }

    // MARK: at the end

    func checkOrdersAtEnd() {
        guard let agent else { return fail("no agent at the end") }
        let held = agent.orders.held
        for (name, digest) in [("nation", held.nation?.digest), ("system", held.system?.digest)]
        where digest != JWS.digest(network.book.newest(name)) {
            fail("the newest \(name) set is not in force after healing")
        }
        if held.policy != network.book.policy.version {
            fail("the newest policy is not in force after healing")
        }
    }

    /// Everything that was asked is counted, but for what is known to be lost.
    func checkAtEnd() {
        let collector = network.collector
        var told = collector.totals
        told.add(collector.setAside)
        // What a restored snapshot tells again is told apart, and may hold something new.
        if wasRestored { told.add(collector.quarantined) }
        let isUnclear = wasRestored && collectorWasRestored
        guard !isUnclear else { return }
        let needed = asked.less(lossMax)
        let isFolded = told.counts.keys.contains { $0.login == "*other" }
        let missing =
            isFolded ? needed.withoutNames.less(told.withoutNames) : needed.less(told)
        // What was told under another hour or window is there all the same.
        let isMended =
            missing.queries <= collector.dropped(SummaryFit.mended)
            && needed.withoutTimes.less(told.withoutTimes).total == 0
        // Days of a collector that is far ahead make old what waits; that is told.
        let isTold =
            plan.excursions && missing.total <= collector.dropped("spool") || isMended
        if !isTold, let (key, count) = missing.counts.min(by: { "\($0.key)" < "\($1.key)" }) {
            fail(
                "promise 2: \(missing.total) missing in \(missing.counts.count) places, of \(key) \(count); findings \(collector.findings)"
            )
        }
        let tornTold = collector.dropped("torn")
        // What was set aside may be told once more.
        let isTornTold =
            plan.lies.contains(.setAside) ? tornTold >= torn.count : tornTold == torn.count
        if !wasRestored, !isTornTold {
            fail("promise 1: \(torn.count) ledgers were torn, \(tornTold) told")
        }
        let mayOverlap = wasRestored || !plan.lies.isEmpty
        if !mayOverlap, collector.quarantined.total > 0 {
            fail("promise 2: \(collector.quarantined.total) quarantined without a reason")
        }
        if wasRestored || collectorWasRestored || plan.powerLosses || !plan.lies.isEmpty { return }
        if let gaps = collector.findings["gap"] { fail("promise 3: \(gaps) gaps without a reason") }
    }
}
