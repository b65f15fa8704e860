import Domain

extension DenialReason {
    /// The meaning of a reason, in one sentence for whoever reads `status`.
    var meaning: Localized {
        switch self {
        case .lock:
            Localized(
                vi: "thuộc phạm vi một lệnh khóa đang áp dụng", en: "a lock in force covers it")
        case .r1:
            Localized(
                vi: "tài khoản đã dùng hết mức đăng ký trong ngày",
                en: "the account has used up its registered queries of the day")
        case .r2:
            Localized(
                vi: "dịch vụ đã dùng hết mức đăng ký trong giờ hành chính",
                en: "the service has used up its registered queries of office hours")
        case .r3:
            Localized(
                vi: "dịch vụ đã dùng hết mức đăng ký ngoài giờ hành chính",
                en: "the service has used up its registered queries off hours")
        case .r3Cap:
            Localized(
                vi: "cả hệ thống đã dùng hết mức tối đa ngoài giờ hành chính",
                en: "the whole system has used up what may pass off hours")
        case .r8Account:
            Localized(vi: "tài khoản chưa đăng ký", en: "the account is not registered")
        case .r8Service:
            Localized(vi: "dịch vụ chưa đăng ký", en: "the service is not registered")
        case .r8Off:
            Localized(
                vi: "dịch vụ không đăng ký ngoài giờ hành chính",
                en: "the service is not registered for off hours")
        case .r9Account:
            Localized(vi: "tài khoản gửi quá nhanh", en: "the account sends too fast")
        case .r9Source:
            Localized(vi: "địa chỉ nguồn gửi quá nhanh", en: "the source address sends too fast")
        case .challenge:
            Localized(
                vi: "gửi quá nhanh nhiều lần: cổng phải hiện mã kiểm tra",
                en: "too fast again and again: the portal is to show its captcha")
        case .offline:
            Localized(
                vi: "mất liên lạc với máy chủ tổng hợp quá thời gian cho phép",
                en: "out of contact with the collector for longer than allowed")
        case .malformed:
            Localized(vi: "không đọc được yêu cầu", en: "the request could not be read")
        case .r10:
            Localized(
                vi: "mã cán bộ khác với người đã đăng ký tài khoản",
                en: "another officer than the one the account is registered for")
        case .unmatched:
            Localized(
                vi: "không thuộc hệ thống nào đã cấu hình", en: "it belongs to no configured system"
            )
        }
    }
}
