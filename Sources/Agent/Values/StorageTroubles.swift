import Domain
import Synchronization
import Wire

/// What cannot be written to the disk at present, and why. Each write is tried again until it succeeds. Thread-safe.
final class StorageTroubles: Sendable {
    enum Task: String, CaseIterable, Codable, Sendable {
        case cut, take, prepare, bounds, bypass

        /// The sentence for the log and for `status`.
        var sentence: Localized {
            switch self {
            case .cut:
                Localized(
                    vi: "không cắt được khoảng đếm; vẫn đếm tiếp trong khoảng hiện tại",
                    en: "cannot cut the interval; counting goes on in the present one")
            case .take:
                Localized(
                    vi: "không ghi được vào hàng chờ gửi; đang thử lại",
                    en: "cannot write to the outbox; it is tried again")
            case .prepare:
                Localized(
                    vi: "không lập được bảng kê; đang thử lại",
                    en: "cannot prepare summaries; it is tried again")
            case .bypass:
                Localized(
                    vi: "không đọc được bypass.json; quy tắc vẫn áp dụng",
                    en: "bypass.json cannot be read; rules apply as ever")
            case .bounds:
                Localized(
                    vi: "không giữ được hàng chờ gửi trong giới hạn; đang thử lại",
                    en: "cannot keep the outbox within its bounds; it is tried again")
            }
        }
    }

    struct Trouble: Sendable {
        let task: Task
        let cause: Localized
        let since: Timestamp
    }

    private let troubles = Mutex<[Task: Trouble]>([:])

    func note(_ task: Task, _ error: any Error, at now: Timestamp) {
        troubles.withLock {
            $0[task] = Trouble(
                task: task, cause: Localized(of: error), since: $0[task]?.since ?? now)
        }
    }

    func clear(_ task: Task) { troubles.withLock { _ = $0.removeValue(forKey: task) } }

    var all: [Trouble] {
        troubles.withLock { troubles in Task.allCases.compactMap { troubles[$0] } }
    }
}
