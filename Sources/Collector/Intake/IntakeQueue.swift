import Domain
import Platform
import Synchronization
import Wire

/// What waits for the writer: pushes, one an agent, and other changes. Each kind has its own bound, so that a flood of
/// pushes keeps no agent from enrolling. Thread-safe.
final class IntakeQueue: Sendable {
    static let pushesMax = 4000
    package static let changesMax = 1000
    /// The most pushes and changes that one transaction takes.
    package static let batchMax = 128

    private struct State {
        var pushes: [Intake.Push] = []
        var changes: [Intake.Change] = []
        /// Agents whose push is waiting or being counted.
        var busy: Set<AgentID> = []
    }

    private let state = Mutex(State())
    /// Bodies take a place here while they come in and are read, before they wait for the writer.
    package let places = PushPlaces()
    private let wake = WakeEvent()

    package var isFull: Bool { state.withLock { $0.pushes.count >= Self.pushesMax } }
    package var waiting: Int { state.withLock { $0.pushes.count } }

    func isBusy(_ agent: AgentID) -> Bool { state.withLock { $0.busy.contains(agent) } }

    /// Returns false if there is no room, or a push of the agent is under way. The agent then keeps its summaries and
    /// comes again.
    package func add(_ push: Intake.Push) -> Bool {
        let isAdded = state.withLock { state in
            guard state.pushes.count < Self.pushesMax,
                state.busy.insert(push.agent).inserted
            else { return false }
            state.pushes.append(push)
            return true
        }
        if isAdded { wake.signal() }
        return isAdded
    }

    package func add(_ change: Intake.Change) -> Bool {
        let isAdded = state.withLock { state in
            guard state.changes.count < Self.changesMax else { return false }
            state.changes.append(change)
            return true
        }
        if isAdded { wake.signal() }
        return isAdded
    }

    /// Takes what came first. Changes make up at most half of it. Together they are at most `IntakeWork.rowsMax` of
    /// work, or one summary, so a long push is taken in parts. Empty if nothing is waiting.
    package func take() -> (pushes: [Intake.Push], changes: [Intake.Change]) {
        state.withLock { state in
            let changes = Array(state.changes.prefix(Self.batchMax / 2))
            state.changes.removeFirst(changes.count)
            var pushes: [Intake.Push] = []
            var room = IntakeWork.rowsMax
            for waiting in state.pushes.prefix(Self.batchMax - changes.count) {
                let (count, rows) = IntakeWork.count(waiting.items, room: room)
                guard pushes.isEmpty || rows <= room else { break }
                var push = waiting
                push.rest = Array(push.items[count...])
                push.items = Array(push.items[..<count])
                pushes.append(push)
                room -= rows
                if !push.rest.isEmpty { break }
            }
            state.pushes.removeFirst(pushes.count)
            return (pushes, changes)
        }
    }

    /// Puts back pushes of which a part was counted, behind the others.
    package func goOn(_ pushes: [(push: Intake.Push, counted: [PushAnswer.Item])]) {
        state.withLock { state in
            for (push, counted) in pushes {
                var more = push
                more.items = push.rest
                more.rest = []
                more.counted = counted
                state.pushes.append(more)
            }
        }
    }

    package func done(_ pushes: [Intake.Push]) {
        state.withLock { state in
            for push in pushes { state.busy.remove(push.agent) }
        }
        for push in pushes { push.place?.leave() }
    }

    package func wait(milliseconds: Int64) { wake.wait(milliseconds: milliseconds) }
    package func signal() { wake.signal() }

    /// Returns after how many seconds an agent that finds no room should come again. The more are waiting, the longer;
    /// it is spread out, so that not all come at once.
    func retryAfter() -> Int {
        let least = 2 + waiting / 500
        return Int.random(in: least...2 * least)
    }
}
