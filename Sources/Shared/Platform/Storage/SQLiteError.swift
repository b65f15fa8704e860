import CSQLite

/// What SQLite refused, with the file and the statement.
public struct SQLiteError: BilingualError {
    /// The extended result code.
    public let code: Int32
    public let message: String
    public let sql: String?
    public let path: String
    /// What stands where the database should be; SQLite would call it a disk error.
    var place: FileError?

    public var primaryCode: Int32 { code & 0xFF }

    /// Whether there was no room or the disk failed. Nothing was changed; try again when there is room.
    public var isDiskTrouble: Bool {
        if let place { return place.isDiskTrouble }
        return primaryCode == SQLITE_FULL || primaryCode == SQLITE_IOERR
            || primaryCode == SQLITE_CANTOPEN
    }
    public var isDiskFull: Bool { primaryCode == SQLITE_FULL }
    public var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }

    public var description: String {
        if let place { return place.description }
        let statement = sql.map { " (\($0.prefix(80)))" } ?? ""
        let advice =
            switch primaryCode {
            case SQLITE_FULL:
                "; free some space on this file system, the work goes on by itself then"
            case SQLITE_IOERR: "; check the disk and its free space"
            case SQLITE_CANTOPEN: "; check that the folder exists and belongs to this user"
            case SQLITE_CORRUPT, SQLITE_NOTADB:
                "; keep the file for inspection and restore a backup"
            case SQLITE_BUSY: "; another process holds it"
            default: ""
            }
        return "\(path): \(message) [SQLite \(code)]\(statement)\(advice)"
    }

    /// The meaning of the result code in Vietnamese; the library has English only.
    public var meaning: String {
        switch primaryCode {
        case SQLITE_FULL: "ổ đĩa đầy"
        case SQLITE_IOERR: "lỗi đọc ghi ổ đĩa"
        case SQLITE_CANTOPEN: "không mở được tệp"
        case SQLITE_CORRUPT: "tệp bị hỏng"
        case SQLITE_NOTADB: "tệp không phải cơ sở dữ liệu"
        case SQLITE_BUSY, SQLITE_LOCKED: "đang bận"
        case SQLITE_READONLY: "chỉ được đọc"
        case SQLITE_PERM, SQLITE_AUTH: "không có quyền"
        case SQLITE_NOMEM: "không đủ bộ nhớ"
        case SQLITE_TOOBIG: "giá trị quá lớn"
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH: "giá trị trái ràng buộc"
        default: "lỗi"
        }
    }

    public var vietnamese: String {
        if let place { return place.vietnamese }
        let advice =
            switch primaryCode {
            case SQLITE_FULL: "; hãy giải phóng chỗ trên ổ đĩa này, công việc sẽ tự tiếp tục"
            case SQLITE_IOERR: "; hãy kiểm tra ổ đĩa và chỗ trống"
            case SQLITE_CANTOPEN: "; hãy kiểm tra thư mục có tồn tại và thuộc người dùng này"
            case SQLITE_CORRUPT, SQLITE_NOTADB: "; hãy giữ tệp để xem xét và khôi phục bản sao lưu"
            case SQLITE_BUSY: "; tiến trình khác đang giữ tệp"
            default: ""
            }
        return "\(path): cơ sở dữ liệu: \(meaning) [SQLite \(code)]\(advice)"
    }
}
