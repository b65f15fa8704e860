extension Messages {
    static let notify: [String: Localized] = [
        "notify.severity.info": Localized(vi: "thông tin", en: "info"),
        "notify.severity.warning": Localized(vi: "cảnh báo", en: "warning"),
        "notify.severity.critical": Localized(vi: "NGHIÊM TRỌNG", en: "CRITICAL"),
        "notify.event.alert.new": Localized(vi: "cảnh báo mới", en: "new alert"),
        "notify.event.alert.raised": Localized(vi: "cảnh báo tăng mức", en: "alert raised"),
        "notify.event.lock.issued": Localized(vi: "lệnh khóa có hiệu lực", en: "lock issued"),
        "notify.event.lock.proposed": Localized(
            vi: "đề xuất khóa, chờ duyệt", en: "lock proposed"),
        "notify.event.lock.released": Localized(vi: "đã mở khóa", en: "lock released"),
        "notify.event.digest": Localized(vi: "gộp nhiều thông báo", en: "digest"),
        "notify.event.dropped": Localized(vi: "thông báo bị bỏ", en: "notifications dropped"),
        "notify.lock.issued": Localized(
            vi: """
                Lệnh khóa {lock_id} có hiệu lực: {scope}, {until}; căn cứ {reason}. Cán bộ được báo: \
                {message}
                """,
            en: """
                Lock {lock_id} is in force: {scope}, {until}; by {reason}. Clerks are told: {message}
                """),
        "notify.lock.proposed": Localized(
            vi: """
                Đề xuất khóa {lock_id} chờ duyệt: {scope}; căn cứ {reason}. Xem và quyết định: \
                chot-collector lock show {lock_id}, rồi lock approve hoặc lock reject.
                """,
            en: """
                Proposed lock {lock_id} waits for a decision: {scope}; by {reason}. Look and decide: \
                chot-collector lock show {lock_id}, then lock approve or lock reject.
                """),
        "notify.lock.released": Localized(
            vi:
                "Lệnh khóa {lock_id} đã mở: {scope}; căn cứ khi khóa {reason}; kết luận: {outcome}.",
            en:
                "Lock {lock_id} is released: {scope}; it was locked by {reason}; outcome: {outcome}."
        ),
        "notify.outcome.justified": Localized(vi: "khóa đúng", en: "justified"),
        "notify.outcome.mistaken": Localized(vi: "khóa nhầm", en: "mistaken"),
        "notify.outcome.none": Localized(vi: "chưa nêu", en: "not stated"),
        "notify.reason.staff": Localized(vi: "quyết định của cán bộ trực", en: "decision of staff"),
        "notify.reason.rule": Localized(vi: "quy tắc {rule}", en: "rule {rule}"),
        "notify.digest": Localized(
            vi: """
                {count} thông báo của {rule} từ {from} đến {to}, gộp làm một. Xem tất cả: \
                chot-collector alerts list, lock list. Những thông báo đầu tiên:
                """,
            en: """
                {count} notifications of {rule} from {from} to {to}, sent as one. See them all: \
                chot-collector alerts list, lock list. The first of them:
                """),
        "notify.dropped": Localized(
            vi: """
                Hàng chờ thông báo đầy ({limit}): {count} thông báo cũ nhất, mức thấp nhất đã bị bỏ mà \
                chưa gửi. Cảnh báo vẫn còn đủ trong chot-collector alerts list; kiểm tra nơi nhận.
                """,
            en: """
                The queue of notifications is full ({limit}): the {count} oldest of the lowest severity \
                were dropped unsent. Alerts are all in chot-collector alerts list; check the receivers.
                """),
    ]
}
