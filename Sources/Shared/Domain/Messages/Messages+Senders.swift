extension Messages {
    /// I1: an agent says what it may not say, or what its other words contradict.
    static let senders: [String: Localized] = [
        "alert.I1.content": Localized(
            vi: """
                Máy chủ tổng hợp từ chối hẳn bảng kê số {number} của điểm chốt {agent} ({system_name}, \
                {unit_name}) lúc {time}: nội dung vượt giới hạn ({problem}). Số liệu của khoảng này không \
                có trong tổng. Phần mềm đúng không gửi như vậy: kiểm tra phiên bản và xem máy có bị can \
                thiệp; nếu lặp lại thì thu hồi khóa của điểm chốt.
                """,
            en: """
                The collector refused summary {number} of agent {agent} ({system_name}, {unit_name}) for \
                good at {time}: its content is out of bounds ({problem}). Its counts are missing from the \
                totals. Sound software sends nothing like it: check its version and whether the machine \
                was tampered with, and revoke the agent's key if it goes on.
                """),
        "alert.I1.foreign": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) báo lượt bị từ chối theo {count} lệnh \
                khóa không thuộc hệ thống này hoặc chưa có lúc đó ({lock_id}), nhận lúc {time}; phần này \
                không được tính vào lệnh khóa nào. Xem máy có bị can thiệp hay không.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) told refusals by {count} locks that do not \
                concern its system, or did not exist then ({lock_id}), received at {time}; they count on \
                no lock. See whether the machine was tampered with.
                """),
        "alert.I1.held": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) báo đang giữ bộ lệnh khóa {held} mà Trung \
                tâm chưa từng ký (lúc {time}). Coi các lệnh khóa là chưa áp dụng tại đó, và kiểm tra máy.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) says that it holds lock set {held}, which the \
                Centre never signed (at {time}). Take locks as not enforced there, and check the machine.
                """),
        "alert.I1.allowed": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) cho qua {count} lượt trong khoảng \
                {from}–{to} dù trước đó đã báo giữ lệnh khóa {lock_id} ({scope}). Lệnh khóa không được thi \
                hành tại đó: gọi ngay đầu mối đơn vị, giữ nguyên máy, và cân nhắc khóa kết nối tại cửa ngõ \
                Cơ sở dữ liệu quốc gia về dân cư.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) let {count} queries of {from}–{to} pass \
                although it had told before that it holds lock {lock_id} ({scope}). The lock is not \
                enforced there: call the unit now, leave the machine as it is, and consider locking the \
                connection at the population database's own edge.
                """),
        "alert.I1.window": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) ghi {count} dòng từ {from} vào khung giờ \
                khác với lịch làm việc trong chính sách mà nó đang giữ (lúc {time}). Số liệu được tính như \
                đã báo: kiểm tra phiên bản chương trình và đối chiếu khung giờ trước khi kết luận.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) put {count} rows from {from} into another \
                window than the calendar of the policy that it holds says (at {time}). They are counted as \
                told: check the program's version, and compare windows before concluding anything.
                """),
        "alert.I1.stuck": Localized(
            vi: """
                Bảng kê số {seq} của điểm chốt {agent} ({system_name}, {unit_name}), khoảng {from}–{to}, \
                không lưu được dù đã thử nhiều lần, nên được giữ riêng và không tính vào tổng ({time}). \
                Tổng trong khoảng này chưa đầy đủ: báo bộ phận kỹ thuật của Trung tâm xem nhật ký máy chủ.
                """,
            en: """
                Summary {seq} of agent {agent} ({system_name}, {unit_name}), covering {from}–{to}, could \
                not be stored however often it came; it was set aside and not counted ({time}). Totals for \
                that time are incomplete: have the Centre's engineers read the collector's log.
                """),
    ]
}
