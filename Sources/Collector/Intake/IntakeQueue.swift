import Domain
import Platform
import Synchronization
import Wire

/// What waits for the writer: pushes, one an agent, and other changes beside them, each bounded apart, so that a flood of
/// pushes keeps no agent from enrolling. Thread-safe.
final class IntakeQueue: Sendable {
    static let pushesMax = 4000
    package static let changesMax = 1000
    /// Taken together into one transaction.
    package static let batchMax = 128

    private struct State {
        var pushes: [Intake.Push] = []
        var changes: [Intake.Change] = []
        /// Whose push waits or is being counted.
        var busy: Set<AgentID> = []
    }

    private let state = Mutex(State())
    /// Before they wait here, bodies come in and are read.
    package let places = PushPlaces()
    private let wake = WakeEvent()

    package var isFull: Bool { state.withLock { $0.pushes.count >= Self.pushesMax } }
    package var waiting: Int { state.withLock { $0.pushes.count } }

    func isBusy(_ agent: AgentID) -> Bool { state.withLock { $0.busy.contains(agent) } }

    /// False when there is no room, or a push of the agent is still under way: it keeps its summaries and comes again.
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

    /// First come, first served; changes are never more than half of it, and together they are no more work than
    /// `IntakeWork.rowsMax`, or one summary: a long push is taken in parts. Empty: there is nothing.
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

    /// Pushes of which a part was counted: the others come first.
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

    /// Seconds after which one who finds no room is to come again: the longer, the more wait; spread, so that not all
    /// come at once.
    func retryAfter() -> Int {
        let least = 2 + waiting / 500
        return Int.random(in: least...2 * least)
    }
}
