import Domain
import Wire

/// What this agent has told of late, measured as a collector measures it (`AgentQuota`), by the time that its
/// summaries cover. At half of what a collector takes, unregistered names are told together, then features are left
/// out: somebody without credentials who makes up logins for hours must not make a system's summaries refusable.
struct SentQuota: Codable, Equatable {
    /// The cost of one interval.
    struct Cost: Equatable {
        var bytes: Int64 = 0
        var rows: Int64 = 0
        var breaches: Int64 = 0

        init() {}

        init(_ interval: Interval) {
            let parts = SummaryPart.packed(interval)
            bytes = parts.reduce(0) { $0 + Int64($1.signedBytesMax) }
            breaches = Int64(interval.breaches.count)
            rows =
                Int64(interval.rows.count + interval.features.lines.count)
                + Int64(interval.refusals.count) + breaches
        }

        /// Adds a signed summary, without its bytes.
        mutating func add(_ summary: Summary) {
            let (told, refusals) = (Int64(summary.breaches.count), Int64(summary.refusals.count))
            breaches += told
            rows += Int64(summary.rows.count + summary.features.count) + told + refusals
        }
    }

    /// A kind of `dropped`: queries of unknown names that were told together.
    static let folded = "folded"

    private(set) var reached = Timestamp(milliseconds: 0)
    private(set) var bytes: Int64 = 0
    private(set) var rows: Int64 = 0
    private(set) var breaches: Int64 = 0

    /// Counts what an interval tells, and makes it smaller where it is too much. `rules` has the registered names.
    mutating func take(_ interval: inout Interval, now: Timestamp, _ rules: GateRules) {
        let accounts = Int64(rules.accounts.count)
        let end = max(min(reached, now), min(interval.to, now))
        let covered = max(0, end.milliseconds - min(reached, now).milliseconds)
        let room = room(covered: covered, accounts: accounts)
        if interval.breaches.count > room.breaches {
            Self.thinBreaches(in: &interval, to: Int(max(0, room.breaches)))
        }
        var cost = Cost(interval)
        if cost.bytes > room.bytes || cost.rows > room.rows {
            Self.fold(&interval, rules)
            cost = Cost(interval)
        }
        if cost.bytes > room.bytes || cost.rows > room.rows {
            Self.leaveOutFeatures(of: &interval)
            cost = Cost(interval)
        }
        let most = Self.most(accounts)
        bytes = most.bytes.subtracting(room.bytes).adding(cost.bytes)
        rows = most.rows.subtracting(room.rows).adding(cost.rows)
        breaches = most.breaches.subtracting(room.breaches).adding(cost.breaches)
        reached = end
    }

    /// Called when a collector says that it was too much: the next interval is told small.
    mutating func fill() {
        let most = Self.most(1 << 24)
        (bytes, rows, breaches) = (most.bytes, most.rows, most.breaches)
    }

    /// Gives back the cost of what was not told after all, or is told again.
    mutating func giveBack(_ cost: Cost) {
        bytes = max(0, bytes - cost.bytes)
        rows = max(0, rows - cost.rows)
        breaches = max(0, breaches - cost.breaches)
    }

    private static func most(_ accounts: Int64) -> Cost {
        let most = AgentQuota.atOnce(accounts: accounts)
        var cost = Cost()
        (cost.bytes, cost.rows, cost.breaches) = (most.bytes / 2, most.rows / 2, most.alerts / 2)
        return cost
    }

    /// What may still be told once this much more time is covered.
    private func room(covered: Int64, accounts: Int64) -> Cost {
        let drain = AgentQuota.perHour(accounts: accounts)
        let most = Self.most(accounts)
        func left(_ level: Int64, _ perHour: Int64) -> Int64 {
            let drained = (perHour / 2).multiplied(by: covered) / Timestamp.millisecondsPerHour
            return max(0, level.subtracting(drained))
        }
        var room = Cost()
        room.bytes = most.bytes - min(most.bytes, left(bytes, drain.bytes))
        room.rows = most.rows - min(most.rows, left(rows, drain.rows))
        room.breaches = most.breaches - min(most.breaches, left(breaches, drain.alerts))
        return room
    }

    // MARK: smaller

    /// Puts rows of unregistered names together, by hour and window.
    static func fold(_ interval: inout Interval, _ rules: GateRules) {
        func isOurs(_ login: Login) -> Bool {
            login == .unknown || login == .none || login == .folded
        }
        var rows: [SummaryRow] = []
        var folded: [SummaryRow] = []
        for row in interval.rows {
            var row = row
            let isKnown = isOurs(row.login) || rules.place(of: row.login) != nil
            let isService =
                row.service == .unknown || row.service == .folded
                || rules.place(of: row.service) != nil
            guard !isKnown || !isService else {
                rows.append(row)
                continue
            }
            if !isKnown { row.login = .folded }
            if !isService { row.service = .folded }
            folded.append(row)
        }
        guard !folded.isEmpty else { return }
        let queries = folded.reduce(Int64(0)) { $0.adding($1.queries) }
        rows.merge(folded)
        interval.rows = rows
        interval.dropped[Self.folded] = interval.dropped[Self.folded, default: 0].adding(queries)
        keepFeatures(of: &interval) { isOurs($0) || rules.place(of: $0) != nil }
    }

    static func leaveOutFeatures(of interval: inout Interval) {
        keepFeatures(of: &interval) { _ in false }
    }

    private static func keepFeatures(of interval: inout Interval, where isKept: (Login) -> Bool) {
        var kept: [UInt8] = []
        var attempts: Int64 = 0
        for line in interval.features.lines {
            if isKept(FeatureLine(line).login) {
                kept += line
                kept.append(UInt8(ascii: "\n"))
            } else {
                attempts += AccountFeatures(line: line).map { Int64($0.rhythm.attempts) } ?? 1
            }
        }
        guard attempts > 0 else { return }
        interval.features = FeatureLines(bytes: kept)
        interval.dropped["features"] = interval.dropped["features", default: 0].adding(attempts)
    }

    /// Keeps the highest breach of each quota, which says what those before it said, and the first `count` of these.
    static func thinBreaches(in interval: inout Interval, to count: Int) {
        let all = interval.breaches
        var places: [Quota.ID: Int] = [:]
        var kept: [Breach] = []
        for breach in all {
            let id = Quota.ID(rule: breach.rule, scope: breach.scope, key: breach.key)
            if let id, let place = places[id] {
                if kept[place].k < breach.k { kept[place] = breach }
                continue
            }
            if let id { places[id] = kept.count }
            kept.append(breach)
        }
        interval.breaches = Array(kept.prefix(count))
        let left = Int64(all.count - interval.breaches.count)
        guard left > 0 else { return }
        let kind = SummaryFit.breaches
        interval.dropped[kind] = interval.dropped[kind, default: 0].adding(left)
    }
}
