import Glibc

/// A failure with a file: which one, what was tried, why it failed, and what to do.
public struct FileError: BilingualError {
    public let path: String
    public let action: FileAction
    public let errno: Int32
    public let detail: String?
    private let detailInVietnamese: String?

    /// Explains the failure by the kernel's number.
    public init(path: String, action: FileAction, errno: Int32) {
        self.init(path: path, action: action, errno: errno, detail: nil, vi: nil)
    }

    /// Explains the failure by words of ours in both languages; nil means those of the number.
    public init(
        path: String, action: FileAction, errno: Int32 = 0, detail: String?, vi: String?
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
        return "\(path): cannot \(action.en): \(why)\(advice)"
    }

    public var vietnamese: String {
        let why = detailInVietnamese ?? vietnameseTextOfError(errno)
        let advice =
            switch errno {
            case ENOSPC, EDQUOT: "; hãy giải phóng chỗ trên ổ đĩa này"
            case EACCES, EPERM: "; hãy kiểm tra chủ sở hữu và quyền của tệp"
            case EISDIR where detail == nil: "; hãy nêu một tệp trong đó"
            case ELOOP where detail == nil: "; hãy nêu chính tệp mà liên kết trỏ tới"
            default: ""
            }
        return "\(path): không \(action.vi) được: \(why)\(advice)"
    }
}
