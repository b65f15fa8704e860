import Platform
import Synchronization
import Testing

@Suite("Threads")
struct ThreadsTests {
    @Test("a thread runs its body and is joined")
    func thread() {
        let box = Counter()
        let threads = (0..<4).map { number in
            RunningThread(name: "test-\(number)") { box.add() }
        }
        for thread in threads { thread.join() }
        #expect(box.value == 4)
    }

    @Test("a signal given before the wait ends it; several are one")
    func wakeEvent() {
        let event = WakeEvent()
        #expect(!event.wait(milliseconds: 0))
        event.signal()
        event.signal()
        #expect(event.wait(milliseconds: 60_000))
        #expect(!event.wait(milliseconds: 0))
        #expect(!event.wait(milliseconds: -5))
    }

    @Test("a signal from another thread wakes a waiter")
    func wakes() {
        let event = WakeEvent()
        let thread = RunningThread(name: "waker") { event.signal() }
        #expect(event.wait(milliseconds: 60_000))
        thread.join()
    }

    private final class Counter: Sendable {
        private let count = Atomic(0)
        func add() { count.add(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }
}
