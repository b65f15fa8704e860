import Domain
import Platform

/// What an administrator leaves in the state folder of a running agent: a bypass, orders carried by hand.
/// Looked at twice a second by the main thread.
struct LocalOrders {
    let state: String
    let checkpoint: Checkpoint
    let orders: Orders
    let courier: Courier

    func look(at now: Timestamp) {
        let bypass = Bypass.load(state, at: now)
        if checkpoint.adoptBypass(bypass) {
            if let bypass {
                Log.warning(
                    "bypass: rules refuse nothing here; signed locks bind",
                    ["until": bypass.until, "by": bypass.by])
            } else {
                Log.notice("the bypass is over; rules refuse again")
            }
        }
        takeHandCarried()
    }

    private func takeHandCarried() {
        let inbox = HandCarried.inbox(state)
        guard Files.exists(inbox) else { return }
        var outcome: String
        do {
            outcome = try HandCarried.read(inbox).adopt(into: orders)
            courier.adoptRules()
        } catch {
            outcome = "refused: \(error)"
        }
        Log.notice("orders carried by hand were read", ["outcome": outcome])
        try? Files.writeAtomically(HandCarried.receipt(state), outcome)
        Files.remove(inbox)
    }
}
