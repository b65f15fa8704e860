/// What is to happen when, in slots of 20 ms.
struct Wheel {
    enum Event { case seal, push, wait, leave, back }

    private static let slotMilliseconds: Int64 = 20
    private var slots: [Int64: [(agent: Int, event: Event)]] = [:]
    private var next: Int64

    init(now: Int64) { next = now / Self.slotMilliseconds }

    mutating func add(_ event: Event, of agent: Int, at time: Int64) {
        slots[max(next, time / Self.slotMilliseconds), default: []].append((agent, event))
    }

    mutating func take(now: Int64) -> [(agent: Int, event: Event)] {
        var due: [(agent: Int, event: Event)] = []
        while next <= now / Self.slotMilliseconds {
            due += slots.removeValue(forKey: next) ?? []
            next += 1
        }
        return due
    }
}
