import Domain
import Platform
import Wire

/// Handles what changes at a running agent without the collector: the clock, the grace of `offline.mode: closed`, and
/// what an administrator leaves in the state folder, a bypass or orders carried by hand. The main thread looks twice
/// a second, and once before the first query.
struct LocalOrders {
    let checkpoint: Checkpoint
    let orders: Orders
    let courier: Courier
    let clock: TrustedClock
    let contact: Contact
    let config: AgentConfig

    /// `clockWasSet`: whether somebody set the clock since the last look.
    func look(clockWasSet: Bool = false) {
        if clockWasSet { courier.clockWasSet() }
        contact.look()
        let now = clock.now()
        checkpoint.touch(now)
        checkpoint.holdLocks(byMilliseconds: clock.unsureMilliseconds)
        let bypass = currentBypass(at: now)
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
        let isClosed = contact.silentMilliseconds > config.offlineGraceMilliseconds
        checkpoint.close(since: isClosed ? contact.last : nil)
    }

    /// A bypass that cannot be read is not in force; that is reported as long as its file lies there.
    private func currentBypass(at now: Timestamp) -> BypassNote? {
        do {
            let bypass = try Bypass.read(config.state, at: now)
            courier.troubles.clear(.bypass)
            return bypass
        } catch {
            if !courier.troubles.all.contains(where: { $0.task == .bypass }) {
                Log.error(
                    StorageTroubles.Task.bypass.sentence.en,
                    ["file": Bypass.path(config.state), "error": error])
            }
            courier.troubles.note(.bypass, error, at: now)
            return nil
        }
    }

    private func takeHandCarried() {
        let inbox = HandCarried.inbox(config.state)
        guard Files.exists(inbox) else { return }
        var outcome = HandCarriedOutcome(fault: .file, held: orders.held)
        do {
            outcome = try HandCarried.read(inbox).adopt(into: orders)
            courier.adoptRules()
        } catch {
            Log.error("orders carried by hand cannot be read", ["file": inbox, "error": error])
        }
        Log.notice(
            "orders carried by hand were read",
            ["state": config.state, "outcome": outcome.words.en])
        do {
            try Files.writeAtomically(HandCarried.receipt(config.state), encodeJSON(outcome))
        } catch {
            Log.error("what became of the orders carried by hand cannot be told", ["error": error])
        }
        Files.remove(inbox)
    }
}
