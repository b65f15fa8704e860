import Domain
import Platform

/// For whoever is woken at two in the morning: what is wrong comes first, then what is in force, then the figures. At
/// most a screen and a half.
extension AgentReport {
    private struct Teller {
        let language: Language
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var isVietnamese: Bool { language == .vi }
    }

    func text(_ language: Language) -> String {
        let teller = Teller(language: language)
        var lines = head(teller)
        lines += troubles.map { "  ! \($0.message[language])" }
        guard let details else { return lines.joined(separator: "\n") }
        lines += state(details, teller)
        lines += locks(details, teller)
        lines += backlog(details, teller)
        lines += Self.logLines(details.logs, language)
        lines += today(details.today, teller)
        lines += reasons(
            details.refusals, teller.say("Đã từ chối từ khi chạy", "Refused since start"), teller)
        if !details.noted.isEmpty {
            lines += reasons(
                details.noted,
                teller.say("Lẽ ra bị từ chối, từ khi chạy", "Noted without refusing since start"),
                teller)
        }
        lines.append(
            teller.say("Nhật ký truy cập: ", "Query log: ")
                + (short.queryLog?.text(language) ?? teller.say("tắt", "off")))
        return lines.joined(separator: "\n")
    }

    private func head(_ teller: Teller) -> [String] {
        var first = teller.say("Điểm chốt ", "Agent ") + short.agent.rawValue
        if let details {
            first += " · \(shown(details.systemName)) · chot-agent \(details.version), "
            first +=
                teller.say("chạy từ ", "running since ") + details.startedAt.time.rfc3339Seconds
        }
        let state =
            troubles.isEmpty
            ? teller.say("bình thường", "fine")
            : teller.say("có \(troubles.count) việc cần xem", "\(troubles.count) to look after")
        return [first, teller.say("Tình trạng: ", "State: ") + state]
    }

    private func state(_ details: Details, _ teller: Teller) -> [String] {
        let mode =
            short.mode == "observe"
            ? MessageKey.termObserve.template[teller.language]
            : teller.say("thi hành", "enforce")
        let contact =
            teller.say(
                details.contact.isConnected ? "có liên lạc" : "mất liên lạc",
                details.contact.isConnected ? "connected" : "away")
            + teller.say(", trả lời lần cuối ", ", last answer ")
            + details.contact.last.time.rfc3339Seconds
            + " (\(span(details.contact.silentSeconds)) "
            + teller.say("trước)", "ago)")
        var offline = details.offline.mode
        if let since = details.offline.closedSince {
            offline +=
                teller.say(", đang đóng, mất liên lạc từ ", ", closed, out of contact since ")
                + since.time.rfc3339Seconds
        }
        if let at = details.offline.closesAt {
            offline += teller.say(", sẽ đóng lúc ", ", closes at ") + at.time.rfc3339Seconds
        }
        var lines = [
            teller.say("Chế độ: ", "Mode: ") + mode,
            teller.say("Máy chủ tổng hợp: ", "Collector: ") + contact,
            teller.say("Khi mất liên lạc: ", "Offline: ") + offline,
            teller.say("Đồng hồ: ", "Clock: ") + clock(details.clock, teller)
                + teller.say(", giờ dùng để đếm ", ", time used ") + details.at.time.rfc3339Seconds,
        ]
        if let bypass = details.bypass {
            lines.append(
                teller.say("Tạm bỏ qua quy tắc: ", "Bypass: ")
                    + "\(bypass.from.time.rfc3339Seconds) – \(bypass.until.time.rfc3339Seconds), \(shown(bypass.by)): \(shown(bypass.reason))"
            )
        }
        return lines
    }

    private func clock(_ clock: ClockLine, _ teller: Teller) -> String {
        switch clock.trust {
        case .proven:
            teller.say("khớp với máy chủ tổng hợp", "agrees with the collector's")
                + (clock.offsetMilliseconds.map { " (\($0) ms)" } ?? "")
        case .unproven:
            teller.say(
                "chưa được xác nhận từ khi máy khởi động; lệnh khóa hết hạn muộn hơn \(clock.unsureSeconds) giây",
                "not confirmed since the machine started; locks end \(clock.unsureSeconds) s later")
        case .behind:
            teller.say(
                "chậm, không dùng (lệch \(clock.errorSeconds) giây)",
                "behind, not used (\(clock.errorSeconds) s off)")
        case .wrong:
            teller.say(
                "sai, không dùng (lệch \(clock.errorSeconds) giây)",
                "wrong, not used (\(clock.errorSeconds) s off)")
        }
    }

    private func locks(_ details: Details, _ teller: Teller) -> [String] {
        func part(_ vi: String, _ en: String, _ part: Standing.Part?) -> String {
            teller.say(vi, en) + " "
                + (part.map {
                    "\($0.version) " + teller.say("ký ", "signed ")
                        + $0.issuedAt.time.rfc3339Seconds
                } ?? "-")
        }
        let sets = [
            part("lệnh khóa toàn quốc", "national locks", details.standing.nation),
            part("lệnh khóa của hệ thống", "system locks", details.standing.system),
            part("chính sách", "policy", details.standing.policy),
        ]
        var lines = [teller.say("Đang áp dụng:", "In force:")] + sets.map { "  " + $0 }
        let rows = details.locks.items.map { lock in
            [
                lock.id, shown(lock.scope.description), lock.reason,
                teller.say("từ ", "since ") + lock.since.time.rfc3339Seconds,
                until(lock.until?.time)[teller.language],
            ]
        }
        if rows.isEmpty { lines.append(teller.say("  không có lệnh khóa nào", "  no lock")) }
        lines += table([], rows) + more(details.locks.more, teller)
        return lines
    }

    private func backlog(_ details: Details, _ teller: Teller) -> [String] {
        let backlog = details.backlog
        var text = teller.say(
            "\(backlog.intervals) khoảng, \(backlog.summaries) bảng kê, \(size(backlog.bytes)) / \(size(backlog.bytesMax))",
            "\(backlog.intervals) intervals, \(backlog.summaries) summaries, \(size(backlog.bytes)) of \(size(backlog.bytesMax))"
        )
        if let oldest = backlog.oldest {
            text += teller.say(", cũ nhất từ ", ", oldest from ") + oldest.time.rfc3339Seconds
        }
        let dropped = backlog.dropped
        var lines = [
            teller.say("Chờ gửi: ", "Backlog: ") + text,
            teller.say("Đã gửi, còn giữ: ", "Sent and kept: ")
                + teller.say(
                    "\(backlog.kept) bảng kê, \(size(backlog.keptBytes))",
                    "\(backlog.kept) summaries, \(size(backlog.keptBytes))"),
        ]
        if dropped.intervals + dropped.kept > 0 {
            lines.append(
                teller.say("Đã phải bỏ: ", "Dropped: ")
                    + teller.say(
                        "\(dropped.queries) lượt trong \(dropped.intervals) khoảng chưa gửi; \(dropped.kept) bảng kê đã gửi",
                        "\(dropped.queries) queries of \(dropped.intervals) intervals not sent; \(dropped.kept) summaries that were sent"
                    ))
        }
        if backlog.refused.summaries > 0 {
            lines.append(
                teller.say("Bị từ chối: ", "Refused: ")
                    + teller.say(
                        "\(backlog.refused.summaries) bảng kê, \(backlog.refused.queries) lượt; còn giữ \(backlog.refused.kept)",
                        "\(backlog.refused.summaries) summaries, \(backlog.refused.queries) queries; \(backlog.refused.kept) kept"
                    ))
        }
        let storage = details.storage
        lines.append(
            teller.say("Đĩa: ", "Disk: ")
                + teller.say(
                    "sổ đếm ghi cách đây \(storage.unsyncedMilliseconds) ms",
                    "ledger on disk \(storage.unsyncedMilliseconds) ms ago")
                + (storage.freeBytes.map { teller.say(", còn ", ", free ") + size($0) } ?? ""))
        return lines
    }

    private func today(_ today: Today, _ teller: Teller) -> [String] {
        let window =
            today.window == .office
            ? teller.say("giờ hành chính", "office hours")
            : teller.say("ngoài giờ hành chính", "off hours")
        var lines = [
            teller.say("Ngày ", "Day ") + dateText(today.day)[teller.language] + ", \(window), "
                + until(today.windowEnd.time)[teller.language] + ":"
        ]
        let columns = { (first: String) in
            [
                first, teller.say("đã dùng", "used"), teller.say("đăng ký", "registered"), "%",
                teller.say("từ chối từ", "refused at"),
            ]
        }
        func row(_ line: VolumeLine, _ name: String) -> [String] {
            [
                name, "\(line.allowed)", "\(line.registered)", "\(line.percent)",
                line.refusedAt.map { "\($0)" } ?? "-",
            ]
        }
        if today.accounts.items.isEmpty {
            lines.append(teller.say("  chưa có lượt nào", "  no query yet"))
            return lines
        }
        lines += table(
            columns(teller.say("tài khoản", "account")),
            today.accounts.items.map { row($0, $0.name) })
        lines += more(today.accounts.more, teller)
        var services = today.services.items.map { row($0, $0.name) }
        if let cap = today.cap {
            services.append(row(cap, teller.say("cả hệ thống", "whole system")))
        }
        if !services.isEmpty {
            lines += table(columns(teller.say("dịch vụ", "service")), services)
        }
        return lines + more(today.services.more, teller)
    }

    private func reasons(_ reasons: [ReasonLine], _ title: String, _ teller: Teller) -> [String] {
        let total = reasons.map(\.count).reduce(0, +)
        return ["\(title): \(total)"]
            + table(
                [], reasons.map { [$0.reason, "\($0.count)", $0.message[teller.language]] })
    }

    // MARK: shapes

    private func table(_ columns: [String], _ rows: [[String]]) -> [String] {
        guard let first = columns.isEmpty ? rows.first : columns else { return [] }
        let body = columns.isEmpty ? Array(rows.dropFirst()) : rows
        return TextTable(columns: first, rows: body).text().split(separator: "\n").map { "  \($0)" }
    }

    private func more(_ count: Int, _ teller: Teller) -> [String] {
        count > 0 ? [teller.say("  và \(count) dòng nữa", "  and \(count) more")] : []
    }

    private func size(_ bytes: Int64) -> String {
        guard bytes >= 1 << 20 else { return bytes < 0 ? "?" : "\((bytes + 1023) / 1024) KiB" }
        let isGibi = bytes >= 10 << 30 || bytes > 0 && bytes % (1 << 30) == 0
        return isGibi ? "\(bytes >> 30) GiB" : "\(bytes >> 20) MiB"
    }

    private func span(_ seconds: Int64) -> String {
        seconds < 120
            ? "\(seconds) s"
            : seconds < 7200
                ? "\(seconds / 60) min" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
}
