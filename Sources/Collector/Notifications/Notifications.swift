import CollectorStore
import CollectorValues
import Domain
import Platform
import Synchronization

/// Makes sure that somebody hears of alerts and locks. They are in the outbox from their own transaction on, and each
/// configured channel has a thread that retries until it has delivered them.
package final class Notifications: Sendable {
    /// How long a running delivery may take when the collector stops, before it is cut off.
    static let stopMilliseconds: Int64 = 5000

    private let store: any Store
    private let metrics: Metrics
    private let senders: [ChannelSender]
    private let threads = Mutex<[RunningThread]>([])

    package init(_ settings: NotifySettings, store: any Store, metrics: Metrics, collector: String)
    {
        var channels: [any NotificationChannel] = settings.webhooks.map {
            WebhookChannel($0, collector: collector)
        }
        if let email = settings.email { channels.append(EmailChannel(email)) }
        if let syslog = settings.syslog { channels.append(SyslogChannel(syslog)) }
        self.store = store
        self.metrics = metrics
        senders = channels.map { ChannelSender($0, store: store, metrics: metrics) }
    }

    package func start() throws {
        metrics.declare(
            "chot_collector_notifications_total",
            "Notifications by channel and status: sent, refused, dropped; failed counts tries.")
        metrics.gauge(
            "chot_collector_notifications_waiting",
            "Notifications not delivered yet, over all channels."
        ) { [store] in
            (try? store.read { try $0.undelivered().map(\.waiting).saturatingSum }) ?? 0
        }
        let gone = try store.write(as: .rules) {
            try $0.registerChannels(senders.map(\.channel.name))
        }
        for (channel, waiting) in gone where waiting > 0 {
            Log.warning(
                "a channel is no longer configured; what waited for it goes unsent",
                ["channel": channel, "waiting": waiting])
        }
        let running = senders.map { sender in
            for status in ["sent", "failed", "refused", "dropped"] {
                sender.count(status, 0)
            }
            return RunningThread(name: "notify-\(sender.channel.name.kind.rawValue)") {
                sender.work()
            }
        }
        threads.withLock { $0 = running }
    }

    /// Lets running deliveries end, so that it is known whether a letter was taken.
    package func stop() {
        for sender in senders { sender.stop() }
        let deadline = MonotonicClock.milliseconds() + Self.stopMilliseconds
        for sender in senders {
            sender.finished.wait(milliseconds: deadline - MonotonicClock.milliseconds())
            sender.channel.cancel()
        }
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    /// Keeps the outbox within its bounds.
    package func trim() {
        do {
            let dropped = try store.write(as: .rules) { try $0.trimOutbox(at: .now) }
            guard dropped.notifications > 0 else { return }
            for (channel, count) in dropped.byChannel {
                metrics.add(
                    "chot_collector_notifications_total",
                    "channel=\"\(ChannelName.kind(of: channel))\",status=\"dropped\"", count)
            }
            Log.error(
                "the outbox of notifications is full; the oldest of the quietest were dropped",
                ["count": dropped.notifications])
        } catch {
            metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot trim the outbox; it is tried again", ["error": error])
        }
    }

    /// Says why a channel is in trouble now; nil if it is not.
    package func problem(of channel: String) -> String? {
        senders.first { $0.channel.name.text == channel }?.problem
    }
}
