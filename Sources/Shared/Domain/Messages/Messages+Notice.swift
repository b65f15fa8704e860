extension Messages {
    static let notice: [String: Localized] = [
        "notice.lock": Localized(
            vi: """
                THÔNG BÁO KHÓA số {lock_id}: {scope_name} bị khóa khai thác dịch vụ dân cư từ {time} \
                ngày {date} {until}. Căn cứ: {basis}; lý do: {reason}; số liệu: {count}/{threshold} \
                lượt. Người duyệt: {approver}. Đơn vị gửi giải trình về {contact}.
                """,
            en: """
                LOCK NOTICE {lock_id}: {scope_name} is locked from population services from {time} \
                on {date} {until}. Basis: {basis}; reason: {reason}; figures: {count}/{threshold} \
                queries. Approved by: {approver}. Send the unit's explanation to {contact}.
                """),
        "notice.lock.staff": Localized(
            vi: """
                THÔNG BÁO KHÓA số {lock_id}: {scope_name} bị khóa khai thác dịch vụ dân cư từ {time} ngày \
                {date} {until}. Căn cứ: {basis}; lý do: {reason}. Người duyệt: {approver}. Đơn vị gửi \
                giải trình về {contact}.
                """,
            en: """
                LOCK NOTICE {lock_id}: {scope_name} is locked from population services from {time} on \
                {date} {until}. Basis: {basis}; reason: {reason}. Approved by: {approver}. Send the \
                unit's explanation to {contact}.
                """),
        "notice.release.plain": Localized(
            vi: """
                THÔNG BÁO MỞ KHÓA số {lock_id}: {scope_name} được khai thác lại dịch vụ dân cư từ {time} \
                ngày {date}. Lý do mở: {reason}; thời gian khóa {duration}, {denied} lượt bị từ chối. \
                Người duyệt: {approver}; đã áp dụng tại {enforcing}/{concerned} điểm chốt.
                """,
            en: """
                RELEASE NOTICE {lock_id}: {scope_name} may use population services again from {time} on \
                {date}. Reason: {reason}; locked for {duration}, {denied} queries refused. Approved by: \
                {approver}; in effect at {enforcing}/{concerned} agents.
                """),
        "notice.release": Localized(
            vi: """
                THÔNG BÁO MỞ KHÓA số {lock_id}: {scope_name} được khai thác lại dịch vụ dân cư từ \
                {time} ngày {date}. Lý do mở: {reason}; thời gian khóa {duration}, {denied} lượt bị \
                từ chối; hạn mức bổ sung đến {allowance_until}: {allowance} lượt. Người duyệt: \
                {approver}; đã áp dụng tại {enforcing}/{concerned} điểm chốt.
                """,
            en: """
                RELEASE NOTICE {lock_id}: {scope_name} may use population services again from {time} \
                on {date}. Reason: {reason}; locked for {duration}, {denied} queries refused; \
                temporary allowance until {allowance_until}: {allowance} queries. Approved by: \
                {approver}; in effect at {enforcing}/{concerned} agents.
                """),
        "notice.release.mistake": Localized(
            vi: """
                THÔNG BÁO MỞ KHÓA số {lock_id}: {scope_name} được khai thác lại từ {time} ngày \
                {date}; lệnh khóa được xác định là không đúng ({cause}) và không tính là vi phạm của \
                đơn vị. Thời gian khóa {duration}, {denied} lượt bị từ chối; đơn vị được dùng thông \
                báo này để giải trình các hồ sơ bị chậm.
                """,
            en: """
                RELEASE NOTICE {lock_id}: {scope_name} may query again from {time} on {date}; the \
                lock was found to be mistaken ({cause}) and does not count against the unit. Locked \
                for {duration}, {denied} queries refused; the unit may cite this notice for files \
                delayed by it.
                """),
    ]
}
