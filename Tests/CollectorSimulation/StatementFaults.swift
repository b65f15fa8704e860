import Glibc
import Platform
import Synchronization

/// Refuses statements on the collector's database from the Nth on, or lets the process end there.
final class StatementFaults: StorageFaults {
    enum Kind: Sendable {
        /// This statement alone; all from it on: a disk that is full.
        case once, full
        /// The process ends here: what lies on the disk now is what the next life finds.
        case crash
    }

    private let kind: Kind
    private let onCrash: @Sendable () -> Void
    private let left: Mutex<Int>
    private let hit = Mutex(false)

    init(at step: Int, _ kind: Kind, onCrash: @escaping @Sendable () -> Void) {
        left = Mutex(step)
        self.kind = kind
        self.onCrash = onCrash
    }

    var wasHit: Bool { hit.withLock { $0 } }

    func refusal(of step: StorageStep, _ path: String) -> Int32 {
        guard case .statement = step, path.hasSuffix("collector.db") else { return 0 }
        let place = left.withLock { left in
            left -= 1
            return left
        }
        guard place <= 0, kind != .once || place == 0 else { return 0 }
        let isFirst = hit.withLock { hit in
            defer { hit = true }
            return !hit
        }
        if isFirst, kind == .crash { onCrash() }
        return kind == .full ? ENOSPC : EIO
    }
}
