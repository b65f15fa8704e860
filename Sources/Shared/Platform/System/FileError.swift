import Glibc

/// What a file refused: which one, what was tried, why, and what to do.
public struct FileError: BilingualError {
    public let path: String
    public let action: String
    public let errno: Int32
    public let detail: String?
    private let detailInVietnamese: String?

    /// `vi`: the detail in Vietnamese, where a person may read it.
    public init(
        path: String, action: String, errno: Int32 = 0, detail: String? = nil, vi: String? = nil
    ) {
        self.path = path
        self.action = action
        self.errno = errno
        self.detail = detail
        detailInVietnamese = vi
    }

    public var isDiskTrouble: Bool { [ENOSPC, EDQUOT, EIO, EROFS].contains(errno) }
    public var isMissing: Bool { errno == ENOENT }

    public var description: String {
        let why = detail ?? textOfError(errno)
        let advice =
            switch errno {
            case ENOSPC, EDQUOT: "; free some space on this file system"
            case EACCES, EPERM: "; check its owner and mode"
            case EROFS: "; the file system is read-only"
            case ENOTDIR where detail == nil: "; a part of this path is no folder"
            case EISDIR where detail == nil: "; name a file in it"
            case ELOOP where detail == nil: "; it is a link: name the file that it leads to"
            default: ""
            }
        return "\(path): cannot \(action): \(why)\(advice)"
    }

    public var vietnamese: String {
        let why = detailInVietnamese ?? detail ?? textOfError(errno)
        let advice =
            switch errno {
            case ENOENT: "; tệp hoặc thư mục không có"
            case ENOSPC, EDQUOT: "; hãy giải phóng chỗ trên ổ đĩa này"
            case EACCES, EPERM: "; hãy kiểm tra chủ sở hữu và quyền của tệp"
            case EROFS: "; hệ thống tệp chỉ cho đọc"
            case ENOTDIR where detail == nil: "; một phần của đường dẫn không phải thư mục"
            case EISDIR where detail == nil: "; đây là thư mục, hãy nêu một tệp trong đó"
            case ELOOP where detail == nil: "; đây là liên kết, hãy nêu chính tệp mà nó trỏ tới"
            default: ""
            }
        return "\(path): không thực hiện được (\(action)): \(why)\(advice)"
    }
}
