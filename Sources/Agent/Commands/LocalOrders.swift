import Domain
import Platform

/// What an administrator leaves in the state folder of a running agent: a bypass, orders carried by hand.
/// Looked at twice a second by the main thread.
struct LocalOrders {
    let checkpoint: Checkpoint
    let orders: Orders
    let courier: Courier
    let config: AgentConfig

    func look(at now: Timestamp) {
        let bypass = Bypass.load(config.state, at: now)
        if checkpoint.adoptBypass(bypass) {
            if let bypass {
                Log.warning(
                    "bypass: rules refuse nothing here; signed locks bind",
                    ["state": config.state, "until": bypass.until, "by": bypass.by])
            } else {
                Log.notice("the bypass is over; rules refuse again", ["state": config.state])
            }
        }
        takeHandCarried()
        guard config.offline == .closed else { return }
        let silent = courier.silentMilliseconds
        let isClosed = silent > config.offlineGraceMilliseconds
        checkpoint.close(since: isClosed ? now.advanced(byMilliseconds: -silent) : nil)
    }

    private func takeHandCarried() {
        let inbox = HandCarried.inbox(config.state)
        guard Files.exists(inbox) else { return }
        var outcome: String
        do {
            outcome = try HandCarried.read(inbox).adopt(into: orders)
            courier.adoptRules()
        } catch {
            outcome = "refused: \(error)"
        }
        Log.notice("orders carried by hand were read", ["state": config.state, "outcome": outcome])
        try? Files.writeAtomically(HandCarried.receipt(config.state), outcome)
        Files.remove(inbox)
    }
}
