extension Messages {
    static let service: [String: Localized] = [
        "service.TraCuuThongTinCongDan": Localized(
            vi: "Tra cứu thông tin công dân",
            en: "Look up citizen information"),
        "service.XacThucThongTinCongDan": Localized(
            vi: "Xác thực thông tin công dân",
            en: "Verify citizen information"),
        "service.CungCapThongTinCongDan": Localized(
            vi: "Cung cấp thông tin công dân",
            en: "Provide citizen information"),
        "service.XacMinhThongTinNhanThan": Localized(
            vi: "Xác minh thông tin nhân thân",
            en: "Verify personal status"),
        "service.XacMinhThongTinChuHo": Localized(
            vi: "Xác minh thông tin chủ hộ",
            en: "Verify head of household"),
        "service.XacMinhThongTinNguoiGiamHo": Localized(
            vi: "Xác minh thông tin người giám hộ",
            en: "Verify guardian"),
        "service.XacMinhThongTinNoiOHienTai": Localized(
            vi: "Xác minh thông tin nơi ở hiện tại",
            en: "Verify current residence"),
        "service.CungCapThongTinHoGiaDinh": Localized(
            vi: "Cung cấp thông tin hộ gia đình",
            en: "Provide household information"),
        "service.CungCapThongTinNhomMau": Localized(
            vi: "Cung cấp thông tin nhóm máu",
            en: "Provide blood group"),
        "service.XacMinhTinhTrangHonNhan": Localized(
            vi: "Xác minh tình trạng hôn nhân",
            en: "Verify marital status"),
        "service.XacMinhTinhTrangChetMatTich": Localized(
            vi: "Xác minh tình trạng chết, mất tích",
            en: "Verify death or disappearance"),
    ]
}
