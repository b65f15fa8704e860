import Domain
import Platform
import Synchronization
import Wire

/// Keeps the sketches of sealed intervals and brings them to the collector once it has the summaries that signed
/// them. The courier's push thread uses it.
final class SketchSender: Sendable {
    static let pauseMilliseconds: Int64 = 60_000

    private let features: FeatureTracker
    private let files: SketchFiles
    private let metrics: Metrics
    private let clock: TrustedClock
    /// Nothing is tried again before this time, in monotonic milliseconds.
    private let notBefore = Atomic<Int64>(0)

    /// Continues today's sketch of an earlier run.
    init(
        features: FeatureTracker, state: String, metrics: Metrics, clock: TrustedClock,
        today: CalendarDate
    ) throws(FileError) {
        self.features = features
        self.metrics = metrics
        self.clock = clock
        files = try SketchFiles(state: state)
        if let kept = files.read(today) { features.resume(kept) }
        metrics.declare("chot_agent_sketches_total", "Sketches of the day, by what became of them.")
    }

    /// Adds to an interval what it tells besides its counts.
    func fill(_ interval: inout Interval, at now: Timestamp) {
        let taken = features.takeInterval(at: now)
        interval.features = taken.accounts
        interval.dropped.merge(taken.dropped, uniquingKeysWith: +)
        if let sketch = taken.sketch, let mark = features.keyMark(sketch.date) {
            do {
                interval.sketchHash = try files.keep(KeptSketch(sketch: sketch, keyMark: mark))
            } catch {
                metrics.add("chot_agent_storage_errors_total")
                Log.error(
                    "cannot write the day's sketch; the next one will hold it", ["error": error])
            }
        }
        files.prune(today: now.date)
    }

    func noteSigned(_ summary: Summary) {
        guard let hash = summary.sketchHash else { return }
        files.assign(hash, epoch: summary.epoch, seq: summary.seq)
    }

    /// Takes a new registration, or new keys of the day.
    func adopt(_ rules: GateRules) {
        features.adopt(rules, at: clock.now())
    }

    /// Sends signed sketches. Call it when no summary waits: the collector checks a sketch against its summary.
    func send(_ client: CollectorClient, from agent: AgentID) {
        let now = MonotonicClock.milliseconds()
        guard now >= notBefore.load(ordering: .relaxed) else { return }
        for waiting in files.waiting {
            guard let kept = files.read(waiting.date) else {
                metrics.add("chot_agent_sketches_total", "status=\"unreadable\"")
                Log.warning(
                    "a day's sketch cannot be read again and is not sent",
                    ["date": "\(waiting.date)"])
                files.settle(waiting.hash)
                continue
            }
            let request = SketchRequest(
                agent: agent, epoch: waiting.epoch, seq: waiting.seq, sketch: kept.sketch.text)
            do throws(CollectorClient.Failure) {
                // The request holds texts and numbers only, so encoding cannot fail.
                guard let body = try? encodeJSON(request) else { continue }
                _ = try client.post(
                    "/v1/sketches", body, type: "application/json", as: SketchAnswer.self)
                metrics.add("chot_agent_sketches_total", "status=\"sent\"")
                files.settle(waiting.hash)
            } catch .status(let status, let problem, _)
                where (400..<500).contains(status) && status != 401 && status != 429
            {
                // The day's next sketch contains this one; a collector of an earlier version takes none.
                metrics.add("chot_agent_sketches_total", "status=\"refused\"")
                Log.warning(
                    "the collector did not take a sketch",
                    ["status": status, "problem": problem?.kind ?? "?"])
                files.settle(waiting.hash)
            } catch {
                metrics.add("chot_agent_sketches_total", "status=\"failed\"")
                notBefore.store(now + Self.pauseMilliseconds, ordering: .relaxed)
                return
            }
        }
    }
}
