import Glibc
import Platform
import Wire

/// The sockets to which nginx passes what agents ask. Long-polls have a socket and a thread of their own, so that ten
/// thousand waiting agents do not slow down those that push. The other socket takes everything, long-polls too.
package struct AgentSockets {
    package static let connectionsMax = 24_000
    /// The most bytes of pushes that are being read or counted.
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
        // These threads verify summaries, unless the push is long (`LongReads`).
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
