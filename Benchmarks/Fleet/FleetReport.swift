import Domain
import Glibc
import Platform

/// What a run saw, for people and programs.
struct FleetReport {
    private static let namedMax = 10

    private(set) var json: JSONValue
    private(set) var lines: [String] = []
    private(set) var isRight = true

    var text: String { lines.joined(separator: "\n") }

    init(_ fleet: Fleet) {
        let figures = fleet.figures
        let all = Double(max(1, figures.activeMilliseconds + figures.drainMilliseconds)) / 1000
        let rate = Double(figures.summaries) / all
        let stuck = fleet.agents.filter { !$0.isIdle }
        let latencies = figures.latencies
        let memory = FleetReport.memoryMiB()
        lines.append(
            "\(fleet.agents.count) agents, \(figures.summaries) summaries of \(fleet.settings.rows) rows acknowledged in \(one(all)) s: \(one(rate))/s"
        )
        if figures.isCutShort { lines.append(Self.cut(figures, stuck: stuck.count)) }
        lines.append(Self.pushes(figures))
        lines.append("statuses: \(listed(figures.statuses))")
        lines.append(
            "errors: \(listed(figures.errors)), told to come later: \(figures.retryAfters)")
        var sets: [JSONValue] = []
        for arrival in fleet.watch.arrivals where arrival.holders > 0 {
            let seen = arrival.latencies
            lines.append(
                "set \(arrival.audience) \(arrival.version): \(arrival.holders) agents, \(seen.count) by waiting: p50 \(seen.percentile(50)) ms, p99 \(seen.percentile(99)) ms, last \(seen.most) ms after it was signed"
            )
            sets.append(
                .object([
                    "audience": .string(arrival.audience), "version": .string(arrival.version),
                    "holders": .integer(Int64(arrival.holders)),
                    "agents": .integer(Int64(seen.count)),
                    "p50_ms": .integer(seen.percentile(50)),
                    "p99_ms": .integer(seen.percentile(99)), "last_ms": .integer(seen.most),
                ]))
        }
        lines.append(
            "\(figures.bytes / 1_000_000) MB sent; this program: \(one(Self.processorSeconds())) s of a processor, \(memory) MiB"
        )
        func whole(_ value: Int) -> JSONValue { .integer(Int64(value)) }
        func counts(_ values: [String: Int]) -> JSONValue { .object(values.mapValues(whole)) }
        var object: [String: JSONValue] = [:]
        object["agents"] = whole(fleet.agents.count)
        object["summaries"] = whole(figures.summaries)
        object["rate"] = .number(rate)
        object["seconds"] = .number(all)
        object["drain_ms"] = .integer(figures.drainMilliseconds)
        object["cut_short"] = .bool(figures.isCutShort)
        object["pushes"] = whole(figures.pushes)
        object["pushes_draining"] = whole(figures.pushesDraining)
        // Of pushes before the drain.
        object["p50_ms"] = .integer(latencies.percentile(50))
        object["p99_ms"] = .integer(latencies.percentile(99))
        object["max_ms"] = .integer(latencies.most)
        object["retry_afters"] = whole(figures.retryAfters)
        object["statuses"] = counts(figures.statuses)
        object["errors"] = counts(figures.errors)
        object["sets"] = .array(sets)
        object["forged_sets"] = whole(fleet.watch.forged)
        object["stuck"] = whole(stuck.count)
        object["cpu_seconds"] = .number(Self.processorSeconds())
        object["memory_mib"] = whole(memory)
        json = .object(object)
        if !stuck.isEmpty {
            wrong(
                "stuck, with summaries that are not acknowledged: "
                    + stuck.prefix(10).map(\.id.rawValue).joined(separator: ", "))
        }
        let strange = figures.errors.filter {
            $0.key == "quarantined" || $0.key.hasPrefix("wrong taken as accepted")
        }
        if !strange.isEmpty { wrong("taken otherwise than it should be: \(listed(strange))") }
    }

    mutating func check(before: Totals, after: Totals, _ fleet: Fleet) {
        var expected = before
        for (key, count) in fleet.totals.counts { expected.add(count, key.system, key.hour) }
        let differences = expected.differences(from: after)
        for difference in differences.prefix(20) {
            wrong(
                "\(difference.key.system) \(difference.key.hour): sent \(difference.ours), the collector has \(difference.theirs)"
            )
        }
        if differences.isEmpty {
            lines.append("totals: exact, \(fleet.totals.counts.values.reduce(0, +)) queries")
        }
    }

    /// `gaps`: all that the collector says is missing.
    mutating func check(_ coverage: RunCoverage, gaps: [RunCoverage.Gap], _ fleet: Fleet) {
        let span = "from \(coverage.from) to \(coverage.to)"
        let missing = coverage.missing(of: gaps)
        guard !missing.isEmpty else {
            lines.append("coverage: all of \(fleet.agents.count) agents are complete \(span)")
            return
        }
        let named = missing.prefix(Self.namedMax).map(\.text).joined(separator: "; ")
        let more = missing.count - Self.namedMax
        wrong(
            "coverage: \(Set(missing.map(\.agent)).count) of \(fleet.agents.count) agents are not complete \(span); missing: \(named)"
                + (more > 0 ? "; and \(more) more" : ""))
    }

    private static func cut(_ figures: FleetFigures, stuck: Int) -> String {
        let what = figures.isSendingCut ? "sending was given up at a signal" : "stopped by a signal"
        return stuck == 0
            ? "\(what); what had been counted by then was sent"
            : "\(what); \(stuck) agents have summaries that are not acknowledged"
    }

    private static func pushes(_ figures: FleetFigures) -> String {
        let latencies = figures.latencies
        let counts = "pushes: \(figures.pushes), \(figures.pushesDraining) of them while draining"
        guard latencies.count > 0 else { return counts }
        return
            "\(counts); before that p50 \(latencies.percentile(50)) ms, p99 \(latencies.percentile(99)) ms, max \(latencies.most) ms"
    }

    private mutating func wrong(_ line: String) {
        isRight = false
        lines.append("WRONG: " + line)
        guard case .object(var object) = json else { return }
        var all: [JSONValue] = []
        if case .array(let former)? = object["wrong"] { all = former }
        object["wrong"] = .array(all + [.string(line)])
        json = .object(object)
    }

    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let micro = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(micro) / 1e6
    }

    private static func memoryMiB() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss / 1024
    }
}

private func one(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}

private func listed(_ counts: [String: Int]) -> String {
    counts.isEmpty
        ? "none"
        : counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            .joined(separator: ", ")
}
