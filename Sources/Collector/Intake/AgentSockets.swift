import Glibc
import Platform
import Wire

/// Where nginx brings what agents ask: long-polls to a socket and a thread of their own, so that ten thousand that wait
/// cost those who push nothing; all else, and long-polls too, to the other.
package struct AgentSockets {
    package static let connectionsMax = 24_000
    /// Of pushes that are being read or counted.
    package static let bodiesBytesMax = 64 << 20

    private let api: HTTPServer
    private let wait: HTTPServer
    private let longReads: LongReads
    private let reading: RunningThread

    package init(_ agents: AgentAPI) throws {
        let intake = agents.intake
        longReads = intake.longReads
        reading = longReads.start()
        var options = HTTPServerOptions()
        options.connectionsMax = Self.connectionsMax
        options.bodyBytesMax = Limits.pushBytesMax
        options.bodiesBytesMax = Self.bodiesBytesMax
        options.tooLarge = AgentAPI.tooLarge
        // Summaries are verified on these, where a push is not long (`LongReads`).
        options.threads = min(max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))), 8)
        api = try HTTPServer(
            listen: .unix(path: intake.config.apiSocket), options: options,
            doorkeeper: { agents.refuse(before: $0) }
        ) { agents.answer($0) }
        options.threads = 1
        options.bodyBytesMax = Limits.requestBytesMax
        options.connectionMemoryBytes = 8 << 10
        wait = try HTTPServer(
            listen: .unix(path: intake.config.waitSocket), options: options,
            doorkeeper: { agents.refuse(before: $0) }
        ) { agents.answer($0) }
        intake.metrics.gauge(
            "chot_collector_push_bytes", "Bytes of pushes that are being read or counted."
        ) { [api] in Int64(api.heldBodyBytes) }
        intake.metrics.gauge("chot_collector_pushes_waiting", "Pushes that wait for the writer.") {
            [queue = intake.queue] in Int64(queue.waiting)
        }
    }

    package func stop() {
        longReads.stop()
        reading.join()
        api.stop()
        wait.stop()
    }
}
