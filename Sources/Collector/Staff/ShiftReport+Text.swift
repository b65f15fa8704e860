import CollectorClock
import CollectorValues
import Domain
import Platform

extension ShiftReport {
    /// Returns the text for the hand-over: figures first, then what waits for a decision, then what is out of order.
    package func text(_ language: Language) -> String {
        let teller = Teller(language: language)
        let parts = [
            teller.say("BÁO CÁO GIAO CA", "SHIFT REPORT")
                + "  \(period.lowerBound.rfc3339Seconds) – \(period.upperBound.rfc3339Seconds)",
            usageText(teller), alertsText(teller), locksText(teller), waitingText(teller),
            agentsText(teller), notificationsText(teller), integrityText(teller),
        ]
        return parts.joined(separator: "\n\n")
    }

    private struct Teller {
        let language: Language
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var none: String { say("không có", "none") }

        func section(_ title: String, _ lines: [String]) -> String {
            ([title] + (lines.isEmpty ? [none] : lines).map { "  " + ShownText.line($0) })
                .joined(separator: "\n")
        }

        func table(_ columns: [String], _ rows: [[String]]) -> [String] {
            rows.isEmpty
                ? []
                : TextTable(columns: columns, rows: rows.map { $0.map(ShownText.line) }).text()
                    .split(separator: "\n")
                    .map(String.init)
        }
    }

    private func usageText(_ teller: Teller) -> String {
        let windows = [
            "office": MessageKey.termWindowOffice.template[teller.language],
            "off": MessageKey.termWindowOff.template[teller.language],
        ]
        let rows = (usage.rows ?? []).map { [windows[$0[0]] ?? $0[0]] + $0.dropFirst() }
        var lines = teller.table(
            [
                teller.say("khung giờ", "window"), teller.say("được chuyển tiếp", "allowed"),
                teller.say("bị từ chối", "denied"), teller.say("đi thẳng", "passed"),
            ], rows)
        var covered =
            MessageKey.termCoverage.template[teller.language]
            + ": \(coverage.complete)/\(coverage.expected) "
            + teller.say("điểm chốt đầy đủ", "agents complete")
        if let to = coverage.completeTo {
            covered += teller.say(" đến ", " to ") + to.rfc3339Seconds
        }
        lines.append(covered)
        let listed = coverage.listed(20)
        lines += listed.map {
            teller.say("thiếu: ", "missing: ")
                + "\($0.agent) \($0.from.rfc3339Seconds) – \($0.to.rfc3339Seconds)"
                + $0.words(teller.language)
        }
        let more = coverage.missing.count - listed.count
        if more > 0 {
            lines.append(
                teller.say(
                    "… và \(more) khoảng khác: chot-collector usage --by system",
                    "… and \(more) more: chot-collector usage --by system"))
        }
        return teller.section(teller.say("Lượt truy vấn", "Queries"), lines)
    }

    private func alertsText(_ teller: Teller) -> String {
        let opened = counts(Notification.Event.alertNew.rawValue)
        let (raised, resolved) = (
            counts(Notification.Event.alertRaised.rawValue), counts("resolved")
        )
        func count(_ list: [(rule: String, count: Int64)], _ rule: String) -> String {
            String(list.first { $0.rule == rule }?.count ?? 0)
        }
        let rules = Set((opened + raised + resolved + open).map(\.rule))
        // Sorted by rule, not by the alphabet: R2 before R10.
        let order = RuleID.allCases.map(\.rawValue)
        let sorted = rules.sorted {
            (order.firstIndex(of: $0) ?? .max, $0) < (order.firstIndex(of: $1) ?? .max, $1)
        }
        return teller.section(
            teller.say("Cảnh báo theo quy tắc", "Alerts by rule"),
            teller.table(
                [
                    teller.say("quy tắc", "rule"), teller.say("mới", "opened"),
                    teller.say("tăng mức", "raised"), teller.say("đã đóng", "resolved"),
                    teller.say("đang mở", "open now"),
                ],
                sorted.map {
                    [
                        $0, count(opened, $0), count(raised, $0), count(resolved, $0),
                        count(open, $0),
                    ]
                }))
    }

    private func locksText(_ teller: Teller) -> String {
        let outcomes = [
            "justified": MessageKey.notifyOutcomeJustified.template[teller.language],
            "mistaken": MessageKey.notifyOutcomeMistaken.template[teller.language],
        ]
        let groups = [
            (teller.say("ban hành", "issued"), locks.issued),
            (teller.say("đề xuất", "proposed"), locks.proposed),
            (teller.say("mở khóa", "released"), locks.released),
            (teller.say("hết hiệu lực", "expired"), locks.expired),
            (teller.say("không duyệt", "rejected"), locks.rejected),
        ]
        let rows = groups.flatMap { what, list in
            list.map { lock in
                [
                    what, lock.id, shown(lock.scope.description), lock.reason,
                    String(lock.refused), lock.outcome.map { outcomes[$0] ?? $0 } ?? "-",
                ]
            }
        }
        let heads = groups.map { "\($0.0) \($0.1.count)" }.joined(separator: " · ")
        return teller.section(
            teller.say("Lệnh khóa", "Locks"),
            [
                heads + teller.say(" · lượt bị từ chối ", " · queries refused ")
                    + "\(locks.refusedTotal)"
            ]
                + teller.table(
                    [
                        teller.say("việc", "what"), "id", teller.say("phạm vi", "scope"),
                        teller.say("căn cứ", "reason"), teller.say("từ chối", "refused"),
                        teller.say("kết luận", "outcome"),
                    ], rows))
    }

    private func waitingText(_ teller: Teller) -> String {
        teller.section(
            teller.say("Đề xuất khóa còn chờ duyệt", "Proposals still waiting"),
            locks.waiting.map { lock in
                "\(lock.id)  \(shown(lock.scope.description))  \(lock.reason)  "
                    + teller.say("từ ", "since ") + lock.issuedAt.rfc3339Seconds
            })
    }

    private func agentsText(_ teller: Teller) -> String {
        var lines = agents.silent.map { silent in
            "\(silent.agent)  "
                + (silent.since.map {
                    teller.say("mất liên lạc từ ", "silent since ") + $0.rfc3339Seconds
                } ?? teller.say("chưa từng gửi", "never heard of"))
        }
        lines += agents.stale.map {
            "\($0.agent)  " + teller.say("chưa xác nhận lệnh khóa ", "has not confirmed lock ")
                + $0.lock
        }
        lines += agents.withoutAgent.map {
            "\($0)  " + teller.say("chưa có điểm chốt", "without any agent")
        }
        return teller.section(
            teller.say("Điểm chốt cần chú ý lúc này", "Agents out of order now"), lines)
    }

    private func notificationsText(_ teller: Teller) -> String {
        var lines = undelivered.filter { $0.waiting > 0 }.map { entry in
            "\(entry.channel)  \(entry.waiting) "
                + teller.say("chưa gửi được", "waiting")
                + (entry.oldest.map { teller.say(" từ ", " since ") + $0.rfc3339Seconds } ?? "")
                + (problems[entry.channel].map { ": \(Log.escaped($0))" } ?? "")
        }
        if dropped > 0 {
            lines.append(
                "\(dropped) " + teller.say("đã bị bỏ vì hàng đợi đầy", "dropped: queue full"))
        }
        return teller.section(
            teller.say("Thông báo chưa đến nơi", "Notifications undelivered"), lines)
    }

    private func integrityText(_ teller: Teller) -> String {
        teller.section(
            teller.say("Toàn vẹn số liệu", "Integrity of figures"),
            integrity.map {
                "\($0.at.rfc3339Seconds)  \($0.rule) \($0.kind): \($0.message[teller.language])"
            })
    }
}
