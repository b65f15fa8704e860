extension Messages {
    static let refuse: [String: Localized] = [
        "refuse.locked.account": Localized(
            vi: """
                [{code}] Tài khoản {account} đang bị khóa khai thác dữ liệu dân cư {until} (lệnh \
                khóa {lock_id}). Không gửi lại yêu cầu; đề nghị báo quản trị hệ thống của đơn vị \
                hoặc {contact}.
                """,
            en: """
                [{code}] Account {account} is locked from population data {until} (lock {lock_id}). \
                Do not resend; tell your unit's system administrator or {contact}.
                """),
        "refuse.locked.service": Localized(
            vi: """
                [{code}] Dịch vụ {service_name} của {system_name} đang bị khóa {until} (lệnh khóa \
                {lock_id}); các dịch vụ khác vẫn dùng được. Tiếp nhận hồ sơ theo phương án dự phòng \
                của đơn vị; quản trị hệ thống liên hệ {contact}.
                """,
            en: """
                [{code}] Service {service_name} of {system_name} is locked {until} (lock {lock_id}); \
                other services still work. Accept files under your unit's fallback procedure; the \
                administrator should call {contact}.
                """),
        "refuse.locked.system": Localized(
            vi: """
                [{code}] Kết nối của {system_name} tới CSDLQG về dân cư đang bị khóa {until} (lệnh \
                khóa {lock_id}). Tiếp nhận hồ sơ theo phương án dự phòng của đơn vị; quản trị hệ \
                thống liên hệ {contact}.
                """,
            en: """
                [{code}] The connection of {system_name} to the population database is locked \
                {until} (lock {lock_id}). Accept files under your unit's fallback procedure; the \
                administrator should call {contact}.
                """),
        "refuse.locked.unit": Localized(
            vi: """
                [{code}] Kết nối của {unit_name} tới CSDLQG về dân cư đang bị khóa {until} (lệnh \
                khóa {lock_id}). Tiếp nhận hồ sơ theo phương án dự phòng của đơn vị; lãnh đạo đơn vị \
                liên hệ {contact}.
                """,
            en: """
                [{code}] The connection of {unit_name} to the population database is locked {until} \
                (lock {lock_id}). Accept files under your unit's fallback procedure; the head of the \
                unit should call {contact}.
                """),
        "refuse.locked.ip": Localized(
            vi: """
                [{code}] Địa chỉ máy đang dùng bị khóa khai thác dữ liệu dân cư {until} (lệnh khóa \
                {lock_id}). Không đổi máy để thử lại; đề nghị báo quản trị hệ thống của đơn vị hoặc \
                {contact}.
                """,
            en: """
                [{code}] This machine's address is locked from population data {until} (lock \
                {lock_id}). Do not retry from another machine; tell your unit's system administrator \
                or {contact}.
                """),
        "refuse.locked.profile": Localized(
            vi: """
                [{code}] {system_name} bị khóa kết nối, tạm ngừng khai thác dịch vụ dân cư do hồ sơ \
                kết nối chưa hoàn thiện (còn thiếu: {missing}). Quản trị hệ thống bổ sung hồ sơ và \
                liên hệ {contact}.
                """,
            en: """
                [{code}] {system_name} is locked and its use of population services suspended \
                because its connection profile is incomplete (missing: {missing}). The administrator \
                should complete it and call {contact}.
                """),
        "refuse.quota.account": Localized(
            vi: """
                [{code}] Tài khoản {account} đã dùng {count} lượt trong ngày, hết {lock_breach} lần \
                mức đăng ký {threshold} lượt/ngày, nên bị khóa {until}. Nếu là nhu cầu công việc, đề \
                nghị quản trị hệ thống xin {contact} cấp hạn mức bổ sung.
                """,
            en: """
                [{code}] Account {account} has used {count} queries today, all of {lock_breach} \
                times its registered {threshold} a day, and is locked {until}. If the work needs it, \
                your administrator may ask {contact} for a temporary allowance.
                """),
        "refuse.quota.service": Localized(
            vi: """
                [{code}] Dịch vụ {service_name} của {system_name} đã dùng {count} lượt trong giờ \
                hành chính, hết {lock_breach} lần mức đăng ký {threshold} lượt/ngày, nên bị khóa \
                {until}. Tiếp nhận hồ sơ theo phương án dự phòng; quản trị hệ thống liên hệ \
                {contact}.
                """,
            en: """
                [{code}] Service {service_name} of {system_name} has used {count} queries in office \
                hours, all of {lock_breach} times its registered {threshold} a day, and is locked \
                {until}. Accept files under the fallback procedure; the administrator should call \
                {contact}.
                """),
        "refuse.quota.off": Localized(
            vi: """
                [{code}] Ngoài giờ hành chính, dịch vụ {service_name} của {system_name} đã dùng \
                {count} lượt, hết {lock_breach} lần mức đăng ký {threshold} lượt, nên bị khóa đến \
                {window_end}. Đề nghị thực hiện lại trong giờ hành chính; trường hợp khẩn cấp liên \
                hệ {contact}.
                """,
            en: """
                [{code}] Off hours, service {service_name} of {system_name} has used {count} \
                queries, all of {lock_breach} times its registered {threshold}, and is locked until \
                {window_end}. Please retry in office hours; in an emergency call {contact}.
                """),
        "refuse.quota.offcap": Localized(
            vi: """
                [{code}] {system_name} đã dùng {count} lượt ngoài giờ hành chính, hết mức tối đa \
                {cap} lượt, nên bị khóa đến {window_end}. Đề nghị thực hiện lại trong giờ hành \
                chính; trường hợp khẩn cấp liên hệ {contact}.
                """,
            en: """
                [{code}] {system_name} has used {count} queries off hours, all of the maximum of \
                {cap}, and is locked until {window_end}. Please retry in office hours; in an \
                emergency call {contact}.
                """),
        "refuse.unregistered.account": Localized(
            vi: """
                [{code}] Tài khoản {account} chưa có trong danh sách đăng ký khai thác của \
                {system_name} hoặc đã được đưa ra khỏi danh sách. Đề nghị báo quản trị hệ thống gửi \
                danh sách cập nhật cho Trung tâm; không dùng tài khoản của người khác.
                """,
            en: """
                [{code}] Account {account} is not on the registered list of {system_name}, or was \
                removed from it. Ask your administrator to send the Centre an updated list; do not \
                use another person's account.
                """),
        "refuse.unregistered.service": Localized(
            vi: """
                [{code}] Dịch vụ {service_name} chưa được đăng ký cho {system_name}. Đề nghị báo \
                quản trị hệ thống gửi phiếu đăng ký dịch vụ bổ sung.
                """,
            en: """
                [{code}] Service {service_name} is not registered for {system_name}. Ask your \
                administrator to send an additional service registration.
                """),
        "refuse.unregistered.off": Localized(
            vi: """
                [{code}] Dịch vụ {service_name} chưa được đăng ký sử dụng ngoài giờ hành chính. Đề \
                nghị thực hiện lại từ {window_end}, hoặc báo quản trị hệ thống đăng ký bổ sung.
                """,
            en: """
                [{code}] Service {service_name} is not registered for off-hours use. Please retry \
                from {window_end}, or ask your administrator to register it.
                """),
        "refuse.throttled.account": Localized(
            vi: """
                [{code}] Tài khoản {account} gửi yêu cầu quá nhanh (giới hạn {limit} lượt/{period}). \
                Chờ {retry_after} giây rồi thực hiện lại; tài khoản không bị khóa.
                """,
            en: """
                [{code}] Account {account} is sending too fast (limit {limit} per {period}). Wait \
                {retry_after} seconds and retry; the account is not locked.
                """),
        "refuse.throttled.ip": Localized(
            vi: """
                [{code}] Máy này gửi yêu cầu quá nhanh (giới hạn {limit} lượt/{period}). Chờ \
                {retry_after} giây rồi thực hiện lại; tài khoản không bị khóa.
                """,
            en: """
                [{code}] This machine is sending too fast (limit {limit} per {period}). Wait \
                {retry_after} seconds and retry; the account is not locked.
                """),
        "refuse.challenge": Localized(
            vi: """
                [{code}] Cần xác nhận người thao tác trước khi tiếp tục. Nhập mã captcha hoặc đăng \
                nhập lại bằng xác thực đa nhân tố trên phần mềm của đơn vị, rồi thực hiện lại; tài \
                khoản không bị khóa.
                """,
            en: """
                [{code}] The user must be confirmed before going on. Solve the captcha or sign in \
                again with multi-factor authentication in your unit's software, then retry; the \
                account is not locked.
                """),
        "refuse.malformed": Localized(
            vi: """
                [{code}] Yêu cầu gửi đi không đúng định dạng ({problem}) nên chưa được chuyển tới \
                CSDLQG về dân cư. Đây không phải lệnh khóa; đề nghị báo quản trị hệ thống.
                """,
            en: """
                [{code}] The request is malformed ({problem}) and was not sent to the population \
                database. This is not a lock; tell your administrator.
                """),
        "refuse.unmatched": Localized(
            vi: """
                [{code}] Không xác định được yêu cầu thuộc hệ thống thông tin nào ({problem}) nên \
                chưa được chuyển tới CSDLQG về dân cư. Đây không phải lệnh khóa; đề nghị báo quản \
                trị hệ thống.
                """,
            en: """
                [{code}] The request cannot be assigned to any registered information system \
                ({problem}) and was not sent to the population database. This is not a lock; tell \
                your administrator.
                """),
        "refuse.agent.down": Localized(
            vi: """
                [{code}] Điểm chốt của {system_name} đang gián đoạn nên yêu cầu chưa được chuyển đi. \
                Đây không phải lệnh khóa; thử lại sau {retry_after} giây, nếu vẫn lỗi thì báo quản \
                trị hệ thống.
                """,
            en: """
                [{code}] The agent of {system_name} is interrupted, so the request was not sent. \
                This is not a lock; retry in {retry_after} seconds and tell your administrator if it \
                persists.
                """),
        "refuse.offline.closed": Localized(
            vi: """
                [{code}] Điểm chốt mất liên lạc với máy chủ tổng hợp từ {since}, quá thời gian cho \
                phép {grace}, nên tạm ngừng chuyển yêu cầu. Đề nghị quản trị hệ thống liên hệ \
                {contact}.
                """,
            en: """
                [{code}] The agent has been out of contact with the collector since {since}, longer \
                than the allowed {grace}, and has stopped forwarding. The administrator should call \
                {contact}.
                """),
        "refuse.upstream": Localized(
            vi: """
                [{code}] Không nhận được trả lời từ {upstream} sau {timeout} giây. Đây không phải \
                lệnh khóa; đề nghị báo quản trị hệ thống kiểm tra đường kết nối LGSP.
                """,
            en: """
                [{code}] No answer came from {upstream} within {timeout} seconds. This is not a \
                lock; ask your administrator to check the LGSP route.
                """),
    ]
}
