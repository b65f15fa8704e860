import Domain
import Platform

/// A kind of registry file, with its columns by our names and by those of the letter's forms.
package enum RegistryKind: String, CaseIterable {
    case units, systems, services, accounts, notices

    /// The table that holds it.
    package var table: String { String(rawValue.dropLast()) }

    /// The name of a column in the table, which may differ.
    package func tableColumn(_ column: String) -> String {
        self == .notices && (column == "from" || column == "to") ? "\(column)_date" : column
    }

    /// The columns of the file; those that are not `required` may be missing.
    package var columns: [String] {
        switch self {
        case .units: ["code", "name", "kind", "province_code"]
        case .systems: ["code", "unit", "name", "contact", "phone", "email"]
        case .services: ["system", "service", "office_per_day", "off_per_day", "purpose"]
        case .accounts:
            ["system", "login", "full_name", "cccd", "officer_code", "phone", "per_day", "kind"]
        case .notices:
            [
                "system", "service", "from", "to", "hours", "per_day", "contact", "status",
                "number",
                "plan",
            ]
        }
    }

    package var required: Set<String> {
        switch self {
        case .units: ["code", "name", "kind"]
        case .systems: ["code", "unit", "name"]
        case .services: ["system", "service", "office_per_day", "off_per_day"]
        case .accounts: ["system", "login", "full_name", "cccd", "per_day"]
        case .notices: ["system", "service", "from", "to", "hours", "per_day", "status"]
        }
    }

    /// Column heads as the letter's forms 3 and 4 print them.
    package static let vietnamese: [String: String] = [
        "hệ thống": "system", "mã hệ thống": "system",
        "tên tài khoản đăng nhập": "login", "họ và tên": "full_name", "số cccd": "cccd",
        "mã cán bộ": "officer_code", "mã cán bộ (nếu có)": "officer_code", "số điện thoại": "phone",
        "số lần truy vấn trong ngày": "per_day", "loại tài khoản": "kind",
        "dịch vụ đăng ký": "service", "số lượt truy vấn trong giờ hành chính": "office_per_day",
        "số lượt truy vấn ngoài giờ hành chính": "off_per_day", "mục đích sử dụng": "purpose",
        "đơn vị đăng ký": "unit", "mã đơn vị": "unit", "tên đơn vị": "name",
        "dịch vụ": "service", "từ ngày": "from", "đến ngày": "to", "khung giờ": "hours",
        "số lượt/ngày": "per_day", "trạng thái": "status", "số văn bản": "number",
        "phương án đã thống nhất": "plan",
        "tên hệ thống thông tin, csdl": "name", "đầu mối liên hệ": "contact",
    ]

    package func column(_ head: String) -> String? {
        let plain = head.lowercased()
        if columns.contains(plain) { return plain }
        if self == .units, plain == "mã đơn vị" { return "code" }
        if self == .systems, plain == "mã hệ thống" { return "code" }
        return Self.vietnamese[plain].flatMap { columns.contains($0) ? $0 : nil }
    }
}
