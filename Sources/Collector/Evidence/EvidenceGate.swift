import Platform
import Synchronization

/// Lets one check of the evidence run at a time, so that checks never take all threads of the admin socket, and ends it
/// when the collector stops. Thread-safe.
package final class EvidenceGate: Sendable {

    package init() {}
    private let isTaken = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)

    package func pass<T>(_ body: () throws -> T) throws -> T {
        guard
            isTaken.compareExchange(
                expected: false, desired: true, ordering: .acquiringAndReleasing
            ).exchanged
        else {
            throw CommandFailure(
                .unavailable,
                "another check of the evidence is under way; try again when it is over",
                vi: "đang có một lần kiểm tra dữ liệu khác; hãy thử lại khi xong")
        }
        defer { isTaken.store(false, ordering: .releasing) }
        return try body()
    }

    package func close() { isClosed.store(true, ordering: .releasing) }

    /// Called between two pages. Throws when the collector stops.
    package func goOn() throws {
        guard !isClosed.load(ordering: .acquiring) else {
            throw CommandFailure(
                .unavailable, "the collector is stopping", vi: "máy chủ tổng hợp đang dừng")
        }
    }
}
