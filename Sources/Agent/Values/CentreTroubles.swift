import Domain
import Platform
import Synchronization
import Wire

/// What the collector offers and this agent cannot take, and what the agent sends and the collector does not count.
/// Each trouble stays until it is over. Thread-safe.
final class CentreTroubles: Sendable {
    enum Task: String, CaseIterable, Sendable {
        /// What is offered: lock sets, registration, and keys of the collector.
        case lockSets, policy, keys
        /// What is sent: a push that counts nothing, epoch after epoch.
        case pushes, epoch
        /// What is sent and kept there, but not counted, since it tells again of a time that was counted.
        case uncounted

        /// The sentence for the log and for `status`.
        var sentence: Localized {
            switch self {
            case .lockSets:
                Localized(
                    vi:
                        "không nhận được lệnh khóa mà máy chủ tổng hợp đưa; lệnh khóa cũ vẫn áp dụng, báo Trung tâm",
                    en:
                        "cannot take the locks that the collector offers; the former stay in force, tell the centre"
                )
            case .policy:
                Localized(
                    vi:
                        "không nhận được danh sách đăng ký mới của máy chủ tổng hợp; danh sách cũ vẫn áp dụng, báo Trung tâm",
                    en:
                        "cannot take the registration that the collector offers; the former stays in force, tell the centre"
                )
            case .keys:
                Localized(
                    vi: "không nhận được khóa ký mới của máy chủ tổng hợp; báo Trung tâm",
                    en: "cannot take the collector's new signing keys; tell the centre")
            case .pushes:
                Localized(
                    vi:
                        "máy chủ tổng hợp không ghi nhận bảng kê gửi lên; bảng kê được giữ lại, báo Trung tâm",
                    en:
                        "the collector does not count the summaries sent; they are kept, tell the centre"
                )
            case .uncounted:
                Localized(
                    vi:
                        "máy chủ tổng hợp giữ bảng kê gửi lên nhưng không tính vào tổng, vì khoảng thời gian đã được báo trước đó; có thể máy này được khôi phục từ bản chụp hoặc chạy song song với bản sao, báo Trung tâm",
                    en:
                        "the collector keeps the summaries sent but does not count them, since they tell again of a time that was told before; perhaps this machine was restored from a snapshot or runs beside a copy, tell the centre"
                )
            case .epoch:
                Localized(
                    vi:
                        "máy chủ tổng hợp đòi đánh số lại bảng kê; có thể có hai điểm chốt dùng chung một khóa, báo Trung tâm",
                    en:
                        "the collector wants the summaries numbered anew; perhaps two agents share one key, tell the centre"
                )
            }
        }
    }

    struct Trouble: Sendable {
        let task: Task
        let cause: Localized
        let since: Timestamp
    }

    private let troubles = Mutex<[Task: Trouble]>([:])
    /// When the collector last kept a summary apart, in monotonic milliseconds.
    private let lastUncounted = Mutex<Int64?>(nil)

    /// Notes a trouble, and logs it when it differs from the last.
    func note(_ task: Task, _ cause: Localized) {
        let now = Timestamp(milliseconds: WallClock.milliseconds())
        let isNew = troubles.withLock { troubles in
            let known = troubles[task]
            troubles[task] = Trouble(task: task, cause: cause, since: known?.since ?? now)
            return known?.cause != cause
        }
        if isNew { Log.error(task.sentence.en, ["why": cause.en]) }
    }

    func clear(_ task: Task) {
        let wasThere = troubles.withLock { $0.removeValue(forKey: task) != nil }
        if wasThere { Log.notice("goes well again", ["what": task.rawValue]) }
    }

    /// Notes whether the collector counted the last summary that it has. What was not counted stays missing, so the
    /// trouble stays until all summaries were counted for a day.
    func note(uncounted: Bool, at monotonic: Int64) {
        let isOver = lastUncounted.withLock { last in
            if uncounted { last = monotonic }
            return last.map { monotonic - $0 > Self.uncountedMilliseconds } ?? false
        }
        if uncounted {
            note(
                .uncounted,
                Localized(vi: "không tính vào tổng", en: PushAnswer.Item.quarantined))
        } else if isOver {
            lastUncounted.withLock { $0 = nil }
            clear(.uncounted)
        }
    }

    private static let uncountedMilliseconds: Int64 = 86_400_000

    /// Called when something sent was counted.
    func clearPushes() {
        clear(.pushes)
        clear(.epoch)
    }

    var all: [Trouble] {
        troubles.withLock { troubles in Task.allCases.compactMap { troubles[$0] } }
    }
}
