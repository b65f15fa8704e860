import CollectorStore
import CollectorUsage
import CollectorValues
import Domain
import Platform

/// Totals by any of their keys, with the coverage that says what is missing from them.
struct UsageReport {
    package static let keys = [
        "unit", "system", "service", "account", "hour", "day", "date", "window",
    ]

    package let records: Records
    package let config: CollectorConfig
    package let question: UsageQuestion
    package let by: [String]
    package let top: Int?
    package let now: Timestamp
    package let language: Language

    package func run() throws -> AdminAnswer {
        let columns = by.contains("account") && !by.contains("system") ? ["system"] + by : by
        let totals = try UsageTotals(
            records: records, question: question, by: Set(columns),
            opening: { config.calendar(of: $0).officeFrom }
        ).run(columns: columns, top: top)
        let rows = totals.lines
        let coverage = try Coverage(records: records, config: config, question: question, now: now)
            .run()
        var answer = AdminAnswer()
        answer.columns = columns + ["allowed", "denied", "passed"]
        answer.rows = rows.map { names, sums in
            names.map(shown) + [sums.allowed, sums.denied, sums.passed].map(String.init)
        }
        var json: [String: JSONValue] = [
            "rows": .array(
                rows.map { names, sums in
                    var object = Dictionary(
                        zip(columns, names.map { JSONValue.string($0) }),
                        uniquingKeysWith: { first, _ in first })
                    object["allowed"] = .integer(sums.allowed)
                    object["denied"] = .integer(sums.denied)
                    object["passed"] = .integer(sums.passed)
                    return .object(object)
                }),
            "coverage": coverage.json,
        ]
        var sentences = [coverage.sentence(language)]
        for (name, time) in [("hours_from", question.firstHour), ("hours_to", question.endHour)] {
            json[name] = time.map { .string(UsageTotals.time($0).description) } ?? .null
        }
        if let sentence = hoursSentence { sentences.append(sentence) }
        if let from = totals.detailFrom {
            json["detail_from"] = .string(from.description)
            sentences.append(detailSentence(from))
        }
        answer.text = sentences.joined(separator: "\n")
        answer.json = .object(json)
        return answer
    }

    /// Says which whole hours were counted for a span that begins or ends within one, since counts are kept by clock
    /// hour.
    private var hoursSentence: String? {
        let cut = [question.from, question.to].compactMap { $0 }.filter { $0.hourStart != $0 }
        guard !cut.isEmpty else { return nil }
        func text(_ hour: Int64?) -> String { hour.map { UsageTotals.time($0).description } ?? "…" }
        let hours = "\(text(question.firstHour)) – \(text(question.endHour))"
        return language == .vi
            ? "số liệu đếm theo giờ tròn: bảng này gồm các giờ bắt đầu trong khoảng đã hỏi, \(hours)"
            : "counts are kept by clock hours: these are the hours that begin in what was asked, \(hours)"
    }

    /// Says from when on details exist, so that deleted ones do not look like zero.
    private func detailSentence(_ from: Timestamp) -> String {
        language == .vi
            ? "số liệu chi tiết như đã hỏi chỉ còn lưu từ \(from); trước đó không có trong bảng này (hỏi --by date hoặc không theo tài khoản)"
            : "such detail is kept since \(from) only; what was before is not in this answer (ask --by date, or without accounts)"
    }
}
