import Platform
import Synchronization

/// What is read in steps.
package protocol LongRead: Sendable {
    /// Some of it, milliseconds; false: it is done.
    mutating func step() -> Bool
}

/// Bodies that are long to read, signature by signature: on a thread of their own, in turn and in steps, so that neither a
/// connection beside them nor another agent's waits for the whole of one. How many there are is bounded by
/// `PushPlaces` and by the server's room for bodies. Thread-safe.
final class LongReads: Sendable {
    /// A body up to so long is read where it came in: 6 ms of a processor about.
    static let shortBytesMax = 128 << 10
    /// Read in one step, and to the end of the line.
    static let stepBytes = 64 << 10

    private let waiting = Mutex<[any LongRead]>([])
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)

    package func add(_ read: any LongRead) {
        waiting.withLock { $0.append(read) }
        wake.signal()
    }

    /// One step of what has waited longest. False: nothing waits.
    package func step() -> Bool {
        let first = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard var read = first else { return false }
        if read.step() { waiting.withLock { $0.append(read) } }
        return true
    }

    /// It stands back for the threads that answer those who ask for little.
    package func start() -> RunningThread {
        RunningThread(name: "long-reads", standsBack: true) { [self] in
            while !stopping.load(ordering: .sequentiallyConsistent) {
                if !step() { wake.wait(milliseconds: 500) }
            }
            waiting.withLock { $0 = [] }
        }
    }

    /// What is not read to its end is answered by the server that stops.
    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }
}
