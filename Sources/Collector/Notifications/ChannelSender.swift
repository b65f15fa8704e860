import CollectorStore
import CollectorValues
import Domain
import Platform
import Synchronization

/// The thread of one channel: takes what is new, delivers what is due, and notes what was delivered. If it crashes
/// between delivering and noting, the same letter is sent once more with the same id.
final class ChannelSender: Sendable {
    static let lookMilliseconds: Int64 = 250
    static let gatherMilliseconds: Int64 = 2000

    package let channel: any NotificationChannel
    /// Signalled when `work` has ended.
    let finished = WakeEvent()
    private let store: any Store
    private let metrics: Metrics
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)
    private let trouble = Mutex<String?>(nil)

    init(_ channel: any NotificationChannel, store: any Store, metrics: Metrics) {
        self.channel = channel
        self.store = store
        self.metrics = metrics
    }

    package var problem: String? { trouble.withLock { $0 } }

    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }

    private var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    package func count(_ status: String, _ number: Int) {
        metrics.add(
            "chot_collector_notifications_total",
            "channel=\"\(channel.name.kind.rawValue)\",status=\"\(status)\"", Int64(number))
    }

    package func work() {
        defer { finished.signal() }
        var backoff = Backoff()
        var nextTry: Int64 = 0
        // A delivered letter that the disk would not note; it is noted before anything else is sent.
        var unnoted: Letter?
        while !isStopping {
            do {
                if let letter = unnoted {
                    try store.write(as: .rules) { try $0.markSent(letter, channel.name, at: .now) }
                    unnoted = nil
                }
                try takeNew()
                if MonotonicClock.milliseconds() >= nextTry, let letter = try nextLetter() {
                    if attempt(letter, &backoff) {
                        unnoted = letter
                        continue
                    }
                    nextTry = MonotonicClock.milliseconds() + backoff.pauseMilliseconds
                    continue
                }
            } catch {
                metrics.add("chot_collector_storage_errors_total")
                Log.error(
                    "cannot read or write the outbox; it is tried again",
                    ["channel": channel.name.text, "error": error])
                wake.wait(milliseconds: 1000)
            }
            wake.wait(milliseconds: Self.lookMilliseconds)
        }
        if let letter = unnoted {
            try? store.write(as: .rules) { try $0.markSent(letter, channel.name, at: .now) }
        }
    }

    /// Takes what is new even while the other side is away, so that the outbox knows what each channel still has to
    /// send.
    private func takeNew() throws {
        let (name, least) = (channel.name, channel.minSeverity)
        guard try store.read({ try $0.hasUntaken(name) }) else { return }
        try store.write(as: .rules) { try $0.take(name, minSeverity: least) }
    }

    private func nextLetter() throws -> Letter? {
        let name = channel.name
        guard try store.read({ try $0.hasDue(name, at: .now) }) else { return nil }
        let letter = try store.write(as: .rules) { try $0.nextLetter(name, at: .now) }
        // All that is due gathers for a digest, and need not be counted again four times a second.
        if letter == nil { wake.wait(milliseconds: Self.gatherMilliseconds) }
        return letter
    }

    /// Returns true if the letter was delivered.
    private func attempt(_ letter: Letter, _ backoff: inout Backoff) -> Bool {
        do throws(DeliveryProblem) {
            try channel.deliver(letter)
        } catch {
            settle(letter, error, &backoff)
            return false
        }
        backoff.succeeded()
        count("sent", letter.count)
        if trouble.withLock({ $0.take() }) != nil {
            Log.notice("notifications are delivered again", ["channel": channel.name.text])
        }
        return true
    }

    private func settle(_ letter: Letter, _ error: DeliveryProblem, _ backoff: inout Backoff) {
        switch error {
        case .refused(let text):
            count("refused", 1)
            Log.error("a notification was refused; it is tried again later", ["why": text])
            do {
                try store.write(as: .rules) { try $0.putOff(letter, channel.name, at: .now) }
            } catch {
                // Without the note it would be tried at once, so it waits as if the other side were away.
                backoff.failed()
            }
        case .away(let text):
            backoff.failed()
            count("failed", 1)
            let isNews = trouble.withLock { trouble in
                defer { trouble = text }
                return trouble == nil
            }
            if isNews, !isStopping {
                Log.error(
                    "notifications wait: they are tried again until they are delivered",
                    ["channel": channel.name.text, "why": text])
            }
        }
    }
}
