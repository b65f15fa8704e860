import Platform
import Synchronization

/// A body that is read in steps.
package protocol LongRead: Sendable {
    /// Reads for some milliseconds. Returns false when it is done.
    mutating func step() -> Bool
}

/// Reads long bodies, which have many signatures, on a thread of its own, in turn and in steps. So neither another
/// connection nor another agent's body waits for the whole of one. `PushPlaces` and the server's room for bodies bound
/// how many there are. Thread-safe.
final class LongReads: Sendable {
    /// A body of up to this size is read on the thread where it came in: some 6 ms of processor time.
    static let shortBytesMax = 128 << 10
    /// The bytes read in one step, plus the rest of the line.
    static let stepBytes = 64 << 10

    private let waiting = Mutex<[any LongRead]>([])
    private let wake = WakeEvent()
    private let stopping = Atomic<Bool>(false)

    package func add(_ read: any LongRead) {
        waiting.withLock { $0.append(read) }
        wake.signal()
    }

    /// Does one step of the body that has waited longest. Returns false if none is waiting.
    package func step() -> Bool {
        let first = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard var read = first else { return false }
        if read.step() { waiting.withLock { $0.append(read) } }
        return true
    }

    /// Starts the thread, at a lower priority than the threads that answer short requests.
    package func start() -> RunningThread {
        RunningThread(name: "long-reads", standsBack: true) { [self] in
            while !stopping.load(ordering: .sequentiallyConsistent) {
                if !step() { wake.wait(milliseconds: 500) }
            }
            waiting.withLock { $0 = [] }
        }
    }

    /// Stops the thread. The stopping server answers the bodies that were not read to the end.
    package func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake.signal()
    }
}
