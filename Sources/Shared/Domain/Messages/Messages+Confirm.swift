extension Messages {
    static let confirm: [String: Localized] = [
        "confirm.lock": Localized(
            vi: """
                Lệnh khóa {scope_name} {until} sẽ từ chối khoảng {would_refuse} lượt của {accounts} \
                tài khoản (cùng khung giờ 7 ngày qua); giờ mở quầy tiếp theo là {next_open}. Nhập \
                lại {scope} để xác nhận.
                """,
            en: """
                Locking {scope_name} {until} would refuse about {would_refuse} queries of {accounts} \
                accounts (same hours, last 7 days); counters next open at {next_open}. Type {scope} \
                again to confirm.
                """),
        "confirm.preview": Localized(
            vi: """
                Lệnh khóa {scope_name} sẽ từ chối khoảng {would_refuse} lượt của {accounts} tài khoản \
                (cùng khung giờ 7 ngày qua); giờ mở quầy tiếp theo là {next_open}.
                """,
            en: """
                Locking {scope_name} would refuse about {would_refuse} queries of {accounts} accounts \
                (same hours, last 7 days); counters next open at {next_open}.
                """),
        "confirm.wide": Localized(
            vi: "Phạm vi rộng: lock add yêu cầu nhập lại (--confirm '{scope}').",
            en: "The scope is wide: lock add wants it typed again (--confirm '{scope}')."),
    ]
}
