import Synchronization

/// Says which refusals are written to the audit log: one a user, command and minute, so that nobody can flood it.
final class RefusalNotes: Sendable {
    package static let everyMilliseconds: Int64 = 60_000
    package static let entriesMax = 10_000

    private let seen = Mutex<[String: Int64]>([:])

    /// Whether this refusal is to be written. `now` is in monotonic milliseconds.
    package func isDue(uid: UInt32, command: String, now: Int64) -> Bool {
        seen.withLock { seen in
            if seen.count >= Self.entriesMax {
                seen = seen.filter { now - $0.value < Self.everyMilliseconds }
                guard seen.count < Self.entriesMax else { return false }
            }
            let key = "\(uid) \(command.prefix(64))"
            if let last = seen[key], now - last < Self.everyMilliseconds { return false }
            seen[key] = now
            return true
        }
    }
}
