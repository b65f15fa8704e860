import Domain
import Platform
import Wire

/// Makes the report of a running system. It takes no lock for longer than a few copies.
extension AgentReport {
    /// Less than a ledger and its spare need.
    private static let freeBytesMin: Int64 = 32 << 20
    private static let unsyncedMillisecondsMax: Int64 = 10_000

    init(_ post: SystemPost) {
        let short = AgentStatus(post)
        guard let opened = post.opened else {
            let why = post.trouble.map { "\($0)" }
            self.init(
                short: short, details: nil,
                troubles: [
                    Trouble(
                        kind: .notOpen,
                        message: Localized(
                            vi: why
                                ?? "chưa nhận được lệnh khóa và chính sách từ máy chủ tổng hợp; mọi lượt truy vấn bị từ chối",
                            en: why
                                ?? "no orders of the collector are held yet; every query is refused"
                        ))
                ])
            return
        }
        let details = Details(post, opened)
        self.init(
            short: short, details: details,
            troubles: Self.troubles(details, short, opened.outbox, opened.followed)
                + opened.orders.troubles.all.map(Self.trouble))
    }

    private static func trouble(_ trouble: CentreTroubles.Trouble) -> Trouble {
        let (since, cause) = (moment(trouble.since), trouble.cause)
        return Trouble(
            kind: .centre,
            message: Localized(
                vi: "từ \(since.vi) \(trouble.task.sentence.vi) (\(shownCause(cause.vi)))",
                en: "since \(since.en): \(trouble.task.sentence.en) (\(shownCause(cause.en)))"))
    }

    init(damaged system: SystemCode, _ why: Localized) {
        self.init(
            short: AgentStatus(damaged: system), details: nil,
            troubles: [Trouble(kind: .notOpen, message: why)])
    }

    private static func troubles(
        _ details: Details, _ short: AgentStatus, _ outbox: Outbox, _ followed: FollowedLogs?
    ) -> [Trouble] {
        var troubles: [Trouble] = []
        func add(_ kind: Trouble.Kind, _ vi: String, _ en: String) {
            troubles.append(Trouble(kind: kind, message: Localized(vi: vi, en: en)))
        }
        if let since = details.offline.closedSince {
            let since = moment(since.time)
            add(
                .closed,
                "mất liên lạc từ \(since.vi) quá thời gian cho phép: mọi lượt truy vấn bị từ chối cho đến khi có liên lạc",
                "out of contact since \(since.en), longer than allowed: every query is refused until there is contact"
            )
        }
        if !details.contact.isConnected {
            let last = moment(details.contact.last.time)
            let why = details.contact.why.map { ": " + shownCause($0) } ?? ""
            add(
                .collector, "máy chủ tổng hợp không trả lời từ \(last.vi)\(why)",
                "the collector has not answered since \(last.en)\(why)")
        }
        addClock(details.clock, add)
        for failing in details.storage.failing {
            add(
                .storage, "\(failing.message.vi): \(failing.causeVi ?? failing.cause)",
                "\(failing.message.en): \(failing.cause)")
        }
        if details.storage.unsyncedMilliseconds > unsyncedMillisecondsMax {
            let seconds = details.storage.unsyncedMilliseconds / 1000
            add(
                .storage, "đã \(seconds) giây chưa ghi được sổ đếm xuống đĩa",
                "what was counted has not reached the disk for \(seconds) s")
        }
        if let free = details.storage.freeBytes, free < freeBytesMin {
            add(
                .storage, "đĩa chỉ còn \(free >> 20) MiB",
                "only \(free >> 20) MiB of the disk are free")
        }
        if (try? outbox.hasUntoldLoss()) ?? false {
            let queries = details.backlog.dropped.queries
            add(
                .dropped,
                "hàng chờ gửi đầy: đã bỏ \(queries) lượt đếm cũ nhất; Trung tâm sẽ thấy khoảng thiếu",
                "the outbox is full: \(queries) queries, the oldest, were dropped; the centre will see the gap"
            )
        }
        if let unreadable = try? outbox.unreadable(), unreadable.isFresh {
            add(
                .dropped,
                "hàng chờ gửi có \(unreadable.total) mục không đọc được, đã để riêng trong agent.db; Trung tâm sẽ thấy khoảng thiếu",
                "\(unreadable.total) entries of the outbox cannot be read and are set aside in agent.db; the centre will see the gap"
            )
        }
        if let refused = try? outbox.refused(), refused.isFresh {
            add(
                .refused,
                "máy chủ tổng hợp từ chối \(refused.summaries) bảng kê: thiếu \(refused.queries) lượt đếm trong tổng của Trung tâm; gửi nhật ký của chot-agent cho Trung tâm",
                "\(refused.summaries) summaries refused by the collector, counts missing there: \(refused.queries) queries; give the centre the log of chot-agent"
            )
        }
        if let bypass = details.bypass {
            let until = moment(bypass.until.time)
            add(
                .bypass, "đang tạm bỏ qua quy tắc đến \(until.vi), do \(shown(bypass.by))",
                "rules are bypassed until \(until.en), by \(shown(bypass.by))")
        }
        addLogs(details.logs, counting: followed?.countingTrouble, add)
        if let error = short.queryLog?.lastError {
            add(.queryLog, "nhật ký truy cập: \(error)", "query log: \(error)")
        }
        return troubles
    }

    private static func addClock(
        _ clock: ClockLine, _ add: (Trouble.Kind, String, String) -> Void
    ) {
        let error = clock.errorSeconds
        switch clock.trust {
        case .wrong:
            add(
                .clock, "đồng hồ máy sai \(error) giây; đang đếm theo giờ của máy chủ tổng hợp",
                "the machine's clock is \(error) s off; counting goes by the collector's")
        case .behind:
            add(
                .clock,
                "đồng hồ máy chậm ít nhất \(-error) giây; đang đếm tiếp từ giờ biết được sau cùng",
                "the machine's clock is at least \(-error) s behind; counting goes on from the last time known"
            )
        case .proven, .unproven: break
        }
    }

    /// A cause that came from outside, cut to a bounded length.
    static func shownCause(_ text: String) -> String {
        let safe = Log.escaped(text)
        return safe.count > 300 ? safe.prefix(300) + "…" : safe
    }
}

extension AgentReport.Details {
    init(_ post: SystemPost, _ opened: SystemPost.Opened) {
        let now = post.clock.now()
        let snapshot = opened.checkpoint.snapshot(at: now)
        let rules = snapshot.usage.rules
        let unsure = post.clock.unsureMilliseconds
        system = post.identity.system
        systemName = rules.policy.systemName
        version = AgentVersion.text
        startedAt = ReportTime(post.startedAt)
        at = ReportTime(now)
        standing = .init(opened.orders)
        locks = .init(
            rules.locks.all.filter { $0.isInForce(at: now.advanced(byMilliseconds: -unsure)) }
                .sorted { ($0.issuedAt, $0.id) < ($1.issuedAt, $1.id) }
                .map {
                    .init(
                        id: $0.id, scope: $0.scope, reason: $0.reason,
                        since: ReportTime($0.issuedAt), until: $0.expiresAt.map(ReportTime.init))
                })
        let silent = post.contact.silentMilliseconds
        contact = .init(
            isConnected: post.contact.isConnected, last: ReportTime(post.contact.last),
            silentSeconds: silent / 1000, why: post.contact.trouble)
        let mayClose = post.config.offline == .closed && !post.contact.isConnected
        offline = .init(
            mode: post.config.offline.rawValue,
            closedSince: snapshot.closedSince.map(ReportTime.init),
            closesAt: mayClose && snapshot.closedSince == nil
                ? ReportTime(
                    now.advanced(
                        byMilliseconds: max(0, post.config.offlineGraceMilliseconds - silent)))
                : nil)
        clock = .init(
            trust: post.clock.trust, errorSeconds: post.clock.errorMilliseconds / 1000,
            offsetMilliseconds: post.clock.offset, unsureSeconds: unsure / 1000)
        bypass = snapshot.bypass.map {
            .init(
                from: ReportTime($0.from), until: ReportTime($0.until), by: $0.by, reason: $0.reason
            )
        }
        backlog = .init(opened.outbox)
        today = .init(snapshot.usage, at: now)
        refusals = Self.reasons(snapshot.totals.denied)
        noted = Self.reasons(snapshot.totals.would)
        storage = .init(post, opened)
        logs = opened.followed?.status ?? []
    }

    private static func reasons(_ counts: [DenialReason: Int64]) -> [AgentReport.ReasonLine] {
        counts.sorted { ($1.value, $0.key.wireName) < ($0.value, $1.key.wireName) }.map {
            .init(reason: $0.key.wireName, count: $0.value, message: $0.key.meaning)
        }
    }
}

extension AgentReport.Standing {
    init(_ orders: Orders) {
        func part(_ signed: Orders.Signed?) -> Part? {
            signed.map { Part(version: $0.version, issuedAt: ReportTime($0.at)) }
        }
        let standing = orders.standing
        self.init(
            nation: part(standing.nation), system: part(standing.system),
            policy: part(standing.policy))
    }
}

extension AgentReport.BacklogLine {
    init(_ outbox: Outbox) {
        let backlog = try? outbox.backlog()
        let refused = try? outbox.refused()
        let loss = (try? outbox.lossTotal()) ?? OutboxLoss()
        self.init(
            intervals: backlog?.intervals ?? -1, summaries: backlog?.summaries ?? -1,
            bytes: backlog?.bytes ?? -1, bytesMax: outbox.bounds.bytesMax,
            oldest: ((try? outbox.oldestWaiting()) ?? nil).map(ReportTime.init),
            kept: backlog?.kept ?? -1,
            keptBytes: backlog?.keptBytes ?? -1,
            dropped: .init(
                intervals: loss.intervals, rows: loss.rows, queries: loss.queries, kept: loss.kept),
            refused: .init(
                summaries: refused?.summaries ?? -1, queries: refused?.queries ?? -1,
                kept: refused?.kept ?? -1))
    }
}

extension AgentReport.Today {
    init(_ usage: GateUsage, at now: Timestamp) {
        self.init(
            day: usage.window.date, window: usage.window.kind,
            windowEnd: ReportTime(
                usage.rules.policy.calendar.bounds(of: usage.window).upperBound),
            accounts: .init(usage.accounts(at: now).map { .init($0) }),
            services: .init(usage.services(at: now).map { .init($0) }),
            cap: usage.cap(at: now).map { .init($0) })
    }
}

extension AgentReport.VolumeLine {
    init(_ line: GateUsage.Line) {
        let quota = line.quota
        let name =
            switch quota.id.subject {
            case .account(let login): login.rawValue
            case .service(let service): service.rawValue
            case .system: "*"
            }
        let refuses = quota.effect.refuses && (quota.mayLock || !quota.id.isAccount)
        self.init(
            name: shown(name), allowed: line.used, registered: quota.registered,
            percent: Int64(min(line.share * 100, 1_000_000)),
            refusedAt: refuses && quota.registered > 0
                ? quota.threshold.passing(beforeBreach: quota.lockAt) : nil)
    }
}

extension AgentReport.StorageLine {
    init(_ post: SystemPost, _ opened: SystemPost.Opened) {
        var failing = post.troubles.all.map {
            Failing(
                message: $0.task.sentence, cause: AgentReport.shownCause($0.cause.en),
                causeVi: AgentReport.shownCause($0.cause.vi),
                since: ReportTime($0.since))
        }
        if let cause = opened.checkpoint.syncNote.trouble {
            failing.append(
                Failing(
                    message: Localized(
                        vi: "không ghi được sổ đếm xuống đĩa; đang thử lại",
                        en: "cannot sync the ledger; it is tried again"),
                    cause: AgentReport.shownCause(cause), since: nil))
        }
        if opened.orders.isUnsaved {
            failing.append(
                Failing(
                    message: Localized(
                        vi: "chưa ghi được lệnh khóa, chính sách đang áp dụng xuống đĩa",
                        en: "locks or policy in force are not on the disk yet"),
                    cause: post.config.state, since: nil))
        }
        self.init(
            failing: failing,
            unsyncedMilliseconds: opened.checkpoint.syncNote.ageMilliseconds,
            freeBytes: Files.freeBytes(post.config.state))
    }
}
