extension Messages {
    static let term: [String: Localized] = [
        "term.agent": Localized(
            vi: "điểm chốt (agent)",
            en: "agent"),
        "term.collector": Localized(
            vi: "máy chủ tổng hợp",
            en: "collector"),
        "term.centre": Localized(
            vi: "Trung tâm dữ liệu quốc gia về dân cư",
            en: "National Population Data Centre"),
        "term.summary": Localized(
            vi: "bảng kê lượt truy vấn",
            en: "summary"),
        "term.subject": Localized(
            vi: "công dân được tra cứu",
            en: "citizen looked up"),
        "term.lock": Localized(
            vi: "lệnh khóa",
            en: "lock order"),
        "term.lock.proposed": Localized(
            vi: "đề xuất khóa, chờ duyệt",
            en: "lock proposed, awaiting approval"),
        "term.lock.active": Localized(
            vi: "đang khóa",
            en: "locked"),
        "term.lock.released": Localized(
            vi: "đã mở khóa",
            en: "released"),
        "term.lock.expired": Localized(
            vi: "hết hiệu lực",
            en: "expired"),
        "term.lock.rejected": Localized(
            vi: "không duyệt",
            en: "rejected"),
        "term.lock.enforced": Localized(
            vi: "đã áp dụng tại {enforcing}/{concerned} điểm chốt",
            en: "enforced at {enforcing}/{concerned} agents"),
        "term.lock.stale": Localized(
            vi: "{stale} điểm chốt chưa xác nhận từ {since}",
            en: "{stale} agents have not confirmed since {since}"),
        "term.lock.unheard": Localized(
            vi: "{stale} điểm chốt chưa từng xác nhận",
            en: "{stale} agents have never confirmed"),
        "term.threshold": Localized(
            vi: "mức đăng ký",
            en: "registered volume"),
        "term.breach": Localized(
            vi: "lần vượt ngưỡng",
            en: "breach"),
        "term.window.office": Localized(
            vi: "trong giờ hành chính (07h00–18h00)",
            en: "office hours (07:00–18:00)"),
        "term.window.off": Localized(
            vi: "ngoài giờ hành chính (18h00–07h00 hôm sau)",
            en: "off hours (18:00–07:00 next day)"),
        "term.baseline": Localized(
            vi: "mức thường",
            en: "usual level"),
        "term.coverage": Localized(
            vi: "mức đầy đủ của số liệu",
            en: "coverage"),
        "term.enumeration": Localized(
            vi: "vét cạn dữ liệu",
            en: "enumeration"),
        "term.reconciliation": Localized(
            vi: "đối soát",
            en: "reconciliation"),
        "term.breaker": Localized(
            vi: "ngắt khóa hàng loạt",
            en: "mass-lock breaker"),
        "term.exempt": Localized(
            vi: "miễn khóa tự động",
            en: "exempt from automatic locks"),
        "term.observe": Localized(
            vi: "chế độ theo dõi (chỉ đếm; quy tắc không từ chối lượt nào, lệnh khóa vẫn áp dụng)",
            en: "observe mode (count only; rules refuse nothing, locks bind)"),
        "term.allowance": Localized(
            vi: "hạn mức bổ sung tạm thời",
            en: "temporary allowance"),
        "term.evidence": Localized(
            vi: "dữ liệu, tài liệu làm căn cứ",
            en: "supporting evidence"),
        "term.pack": Localized(
            vi: "bộ hồ sơ dữ liệu điện tử phục vụ xác minh",
            en: "evidence pack"),
        "term.until.time": Localized(
            vi: "đến {time} ngày {date}",
            en: "until {time} on {date}"),
        "term.until.open": Localized(
            vi: "đến khi có thông báo mở khóa",
            en: "until a release notice is given"),
        "term.person.same": Localized(
            vi: "thuộc cùng một người",
            en: "belong to the same person"),
        "term.person.different": Localized(
            vi: "thuộc hai người khác nhau",
            en: "belong to two different people"),
        "term.person.unknown": Localized(
            vi: "chưa xác định được có cùng một người hay không",
            en: "could not be matched to a person"),
    ]
}
