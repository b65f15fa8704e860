import Domain
import Platform

/// What `chot-agent status` tells of followed logs.
extension AgentReport {
    /// `counting` is why lines that were read are not counted.
    static func addLogs(
        _ logs: [FollowedLogs.Status], counting: String?,
        _ add: (Trouble.Kind, String, String) -> Void
    ) {
        if counting != nil {
            add(
                .log, "nhật ký nginx: chưa đếm được, sổ đếm đầy và chưa cắt được; đang thử lại",
                "nginx logs: lines cannot be counted, the ledger is full and cannot be cut; they are tried again"
            )
        }
        for log in logs {
            let path = shown(log.path)
            switch log.state {
            case .trouble:
                let why = shownCause(log.trouble ?? "")
                add(
                    .log, "không đọc được nhật ký \(path): \(why)",
                    "the log \(path) cannot be followed: \(why)")
            case .missing where log.kind == .queries:
                add(
                    .log, "chưa có nhật ký \(path): không đếm được lượt nào của nó",
                    "the log \(path) is not there: none of its queries are counted")
            case .missing, .reading: break
            }
            if log.bad > 0, log.lines == 0, log.unforwarded == 0 {
                add(
                    .log,
                    "nhật ký \(path): không dòng nào đúng khuôn dạng đã khai (\(log.bad) dòng hỏng)",
                    "the log \(path): no line fits the format that is configured (\(log.bad) bad ones)"
                )
            }
            if let gap = log.gaps.last {
                let gap = shownCause(gap)
                add(
                    .log, "nhật ký \(path) thiếu dòng, \(log.gapsTotal) lần từ khi chạy: \(gap)",
                    "lines of the log \(path) are missing, \(log.gapsTotal) times since start: \(gap)"
                )
            }
        }
    }

    /// A block of two lines for each log, and its bad lines.
    static func logLines(_ logs: [FollowedLogs.Status], _ language: Language) -> [String] {
        guard !logs.isEmpty else { return [] }
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var lines = [say("Nhật ký nginx, từ khi chạy:", "nginx logs, since start:")]
        for log in logs {
            let kind =
                log.kind == .passed
                ? say(
                    " (đã cho qua khi điểm chốt không trả lời)", " (passed while no agent answered)"
                )
                : ""
            lines.append("  \(shown(log.path))\(kind)")
            let state =
                switch log.state {
                case .reading: say("đang đọc", "reading")
                case .missing: say("chưa có tệp", "not there")
                case .trouble: say("không đọc được", "cannot be read")
                }
            var text = say(
                "    \(state), đã đếm \(log.lines) dòng, \(log.unforwarded) dòng chưa tới CSDLQGVDC, \(log.bad) dòng hỏng, còn \(log.behind) byte",
                "    \(state), \(log.lines) lines counted, \(log.unforwarded) never forwarded, \(log.bad) bad, \(log.behind) bytes wait"
            )
            if let last = log.lastLine {
                text += say(", dòng cuối ", ", last line of ") + last.time.rfc3339Seconds
            }
            lines.append(text)
            for sample in log.samples.prefix(2) {
                lines.append("    ? \(shownCause(sample.why)): \(shownCause(sample.text))")
            }
        }
        return lines
    }
}
