import Domain
import Platform
import Wire

/// The figures of an agent that Prometheus reads (docs/en/operating.md#metrics).
enum AgentMetrics {
    static func make() -> Metrics {
        let metrics = Metrics()
        metrics.declare(
            "chot_agent_malformed_total", "Queries refused because they could not be read.")
        metrics.declare(
            "chot_agent_malformed_subjects_total",
            "Queries whose SoDinhDanh is not 12 digits or whose SoCMND is not 9.")
        metrics.declare(
            "chot_agent_unread_addresses_total",
            "Queries whose X-Real-IP is no address: no limit or lock by address holds them.")
        metrics.declare(
            "chot_agent_unmatched_total", "Queries refused because they belong to no system.")
        metrics.declare("chot_agent_pushes_total", "Pushes to the collector, by outcome.")
        metrics.declare(
            "chot_agent_lockset_refused_total", "Lock sets and policies refused, by reason.")
        metrics.declare(
            "chot_agent_storage_errors_total", "Failed writes to the disk; each is tried again.")
        metrics.declare(
            "chot_agent_summaries_refused_total",
            "Summaries that the collector refused for good, since start.")
        metrics.declare(
            "chot_agent_refused_summary_queries_total",
            "Queries counted in refused summaries, since start: missing at the collector.")
        metrics.declare(
            "chot_agent_outbox_dropped_total",
            "Dropped because the outbox was full or too old, since start; kept: acknowledged before; refused: refused before."
        )
        return metrics
    }

    /// Sets a system's counters to zero, so that they are there from the start.
    static func begin(_ metrics: Metrics) {
        metrics.add("chot_agent_storage_errors_total", "", 0)
    }

    static func connect(_ metrics: Metrics, _ clock: TrustedClock) {
        metrics.gauge(
            "chot_agent_clock_error_seconds",
            "The machine's clock less the time used instead; 0 while it is used itself."
        ) { clock.errorMilliseconds / 1000 }
        metrics.gauge(
            "chot_agent_clock_proven", "1 when the collector's time agrees with the machine's."
        ) { clock.trust == .proven ? 1 : 0 }
    }

    static func connect(_ metrics: Metrics, _ troubles: CentreTroubles) {
        metrics.gauge(
            "chot_agent_centre_troubles",
            "Of locks, registration, keys, pushes and epoch: what is offered and cannot be taken, or sent and not counted."
        ) { Int64(troubles.all.count) }
    }

    static func connect(_ metrics: Metrics, _ logs: FollowedLogs) {
        metrics.gauge("chot_agent_log_lines", "Lines of followed logs counted since start.") {
            logs.status.map(\.lines).reduce(0, +)
        }
        metrics.gauge(
            "chot_agent_log_lines_unforwarded",
            "Lines of followed logs that the proxy answered itself, since start; not counted."
        ) { logs.status.map(\.unforwarded).reduce(0, +) }
        metrics.gauge("chot_agent_log_lines_bad", "Lines that could not be read, since start.") {
            logs.status.map(\.bad).reduce(0, +)
        }
        metrics.gauge("chot_agent_log_gaps", "Times that lines were found missing, since start.") {
            logs.status.map(\.gapsTotal).reduce(0, +)
        }
        metrics.gauge("chot_agent_log_behind_bytes", "Bytes of followed logs not read yet.") {
            logs.status.map(\.behind).reduce(0, +)
        }
    }

    static func connect(
        _ metrics: Metrics, _ checkpoint: Checkpoint, _ outbox: Outbox, _ contact: Contact
    ) {
        metrics.gauge("chot_agent_queries_allowed", "Queries authorised since start.") {
            checkpoint.totals.allowed
        }
        metrics.gauge(
            "chot_agent_queries_passed", "Let through while no agent answered, since start."
        ) { checkpoint.totals.passed }
        metrics.gauge("chot_agent_queries_denied", "Queries refused since start.") {
            checkpoint.totals.denied.values.reduce(0, +)
        }
        metrics.gauge("chot_agent_rows_folded", "Queries counted under *other since start.") {
            checkpoint.totals.folded
        }
        metrics.gauge("chot_agent_outbox_intervals", "Intervals waiting to be signed.") {
            (try? outbox.backlog().intervals) ?? -1
        }
        metrics.gauge(
            "chot_agent_outbox_unreadable", "Entries of the outbox that could not be read, ever."
        ) { (try? outbox.unreadable().total) ?? -1 }
        metrics.gauge("chot_agent_outbox_summaries", "Signed summaries waiting for an answer.") {
            (try? outbox.backlog().summaries) ?? -1
        }
        metrics.gauge("chot_agent_outbox_bytes", "Bytes that wait for the collector.") {
            (try? outbox.backlog().bytes) ?? -1
        }
        metrics.gauge("chot_agent_outbox_kept_bytes", "Bytes of acknowledged summaries kept.") {
            (try? outbox.backlog().keptBytes) ?? -1
        }
        metrics.gauge("chot_agent_collector_silent_seconds", "Since the collector's last answer.") {
            contact.silentMilliseconds / 1000
        }
        metrics.gauge("chot_agent_collector_up", "1 when the collector answered lately.") {
            contact.isConnected ? 1 : 0
        }
    }
}
