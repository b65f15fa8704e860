import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Watches the collector's own clock and tells what it finds: one alert a day, which resolves itself when the clock is
/// right again. Not thread-safe: the `locks` thread of upkeep uses it, once a second.
package struct ClockWatch {
    package let clock: CentreClock
    package let store: any Store
    package let metrics: Metrics

    package static let kind = "centre"
    /// How long an ordinary start may take to be settled; agents speak within a minute.
    private static let patienceMilliseconds: Int64 = 600_000
    private let startedBoot = BootClock.milliseconds()
    private var isStartTold = false
    private var hasLooked = false

    package init(clock: CentreClock, store: any Store, metrics: Metrics) {
        (self.clock, self.store, self.metrics) = (clock, store, metrics)
    }

    package mutating func look() {
        do {
            if !hasLooked {
                switch clock.doubt {
                case nil: try resolve()
                case .start: break
                // The clock was moved while nobody looked. That is known, whoever may speak later.
                case .moved, .contradicted: try clock.doubt.map(tellDoubt)
                }
                hasLooked = true
            }
            let event = try clock.look(units: { try store.read { try $0.unitsWithAgents() } }
            )
            switch event {
            case .doubted(let doubt): try tellDoubt(doubt)
            case .settled(let units): try settled(by: units)
            case nil: try tellStart()
            }
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot write down what is known of the clock", ["error": error])
        }
    }

    private func tellDoubt(_ doubt: CentreClock.Doubt) throws {
        let seconds = doubt.milliseconds / 1000
        Log.error(
            "the collector's clock is in doubt; no lock ends and nothing is deleted until agents or staff agree",
            ["off_s": seconds, "time_used": Timestamp.now])
        try tell(.alertI1Centre, skew: seconds)
    }

    /// If all agents are silent, none can vouch for the clock, so staff must.
    private mutating func tellStart() throws {
        guard !isStartTold, clock.doubt == .start,
            BootClock.milliseconds() - startedBoot > Self.patienceMilliseconds
        else { return }
        isStartTold = true
        Log.warning("nobody has confirmed the collector's clock since it started")
        try tell(.alertI1CentreStart, skew: 0)
    }

    /// `units` counts the units whose agents agreed; for 0 see `CentreClock.Event`.
    package func settled(by units: Int) throws {
        let error = clock.errorMilliseconds / 1000
        if abs(error) > ClockJudge.toleranceMilliseconds / 1000 {
            Log.error(
                "the collector's clock is wrong; the time that agents bear out is used instead",
                ["off_s": error, "units": units, "time_used": Timestamp.now])
            return try tell(.alertI1CentreWrong, skew: error, units: units)
        }
        Log.notice("the collector's clock is confirmed", ["units": units])
        try resolve()
    }

    /// Resolves the open alerts of the clock, because it was settled or is right at a new start.
    func resolve() throws {
        let open = try store.read { records in
            try records.openAlerts(RuleID.i1.rawValue).filter { $0.kind == Self.kind }
        }
        guard !open.isEmpty else { return }
        try store.write { records in
            for alert in open { _ = try records.resolveAlert(alert.id, at: .now) }
        }
    }

    private func tell(_ key: MessageKey, skew: Int64, units: Int = 0) throws {
        let now = Timestamp.now
        let words: [String: Localized] = [
            "skew": .same(skew), "units": .same(units), "time": moment(now),
        ]
        let finding = Finding(
            rule: .i1, kind: Self.kind, scope: "nation", key: now.date.description, from: now,
            at: now, message: key.text(words),
            figures: ["skew_s": .integer(skew), "units": .integer(Int64(units))], evidence: [])
        try store.write { try $0.add(finding) }
    }
}
