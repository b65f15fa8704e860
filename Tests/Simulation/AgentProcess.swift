import Domain
import Glibc
import Platform
import Seeds
import Wire

@testable import Agent

/// A running agent without its threads and sockets: the real parts, opened as `SystemPost` opens them, and driven
/// by whoever simulates.
final class AgentProcess {
    /// Small files, so that a picture of the folder is cheap and a flood fills one.
    static let ledgerBytes = 256 << 10

    let clock: TrustedClock
    private let post: SystemPost
    private let opened: SystemPost.Opened
    private var schedule: PushSchedule
    private var waitFailures = 0

    init(_ setting: Setting, folder: String, network: Network, time: SimulatedTime) throws {
        var config = setting.config
        config.state = folder
        Self.waitForLock(folder)
        clock = TrustedClock(folder: folder, bootID: time.bootID, read: time.read)
        post = try SystemPost(
            config: config, metrics: AgentMetrics.make(), clock: clock,
            surroundings: Surroundings(
                transport: network, pace: time.pace, ledgerBytes: Self.ledgerBytes))
        var parts = SystemPost.Parts()
        guard let opened = try post.attempt(&parts) else { throw NotReady() }
        self.opened = opened
        schedule = opened.courier.makeSchedule()
    }

    struct NotReady: Error {}

    /// A tool that another test starts beside this one holds copies of all descriptors, a former agent's lock too,
    /// until it runs its program: a moment of the machine, but hours of simulated time.
    private static func waitForLock(_ folder: String) {
        for _ in 0..<1000 where (try? FileLock("\(folder)/lock")) == nil { poll(nil, 0, 5) }
    }

    /// What `chot-agent status` tells.
    func report() -> AgentReport {
        if post.opened == nil { post.publish(opened) }
        return AgentReport(post)
    }

    var outbox: Outbox { opened.outbox }
    var orders: Orders { opened.orders }
    var checkpoint: Checkpoint { opened.checkpoint }
    var courier: Courier { opened.courier }

    /// As the main thread does twice a second.
    func look() {
        let wasSet = clock.look()
        opened.local.look(clockWasSet: wasSet)
    }

    func pushRound(isLast: Bool = false) {
        courier.pushRound(&schedule, isLast: isLast)
    }

    func waitRound() { _ = courier.waitRound(&waitFailures) }
}

/// What does not change in a run: who the agent is and how it is configured.
struct Setting {
    var config: AgentConfig
    let identity: Identity
    let key: Ed25519PrivateKey

    init(
        root: String, folder: String, pushEvery: String, book: OrdersBook, from: Timestamp,
        _ chance: inout Chance
    )
        throws
    {
        let path = "\(root)/agent.json5"
        write(
            [UInt8](
                """
                { state: "\(folder)", collector: { url: "https://collector.invalid" },
                  push: { every: "\(pushEvery)" }, queryLog: { enabled: false },
                  gateway: { upstream: "http://npd.invalid", onAgentDown: "refuse" } }
                """.utf8), to: path)
        config = try AgentConfig.load(path)
        key = try Ed25519PrivateKey(
            seed: (0..<32).map { _ in UInt8.random(in: 0...255, using: &chance) })
        identity = Identity(
            agent: AgentID(system: book.system, number: 1), system: book.system,
            collector: "collector", collectorURL: "https://collector.invalid",
            root: book.rootThumbprint, epoch: 1, enrolledAt: from)
        try PrivateJWK.save(key, to: "\(folder)/agent.key")
        try Files.writeAtomically("\(folder)/keys.jws", book.newest("keys"))
        try Files.writeAtomically("\(folder)/ca.pem", book.ca)
        try identity.save(folder)
    }
}
