import Glibc

/// What the kernel's error number means, in English, as libc tells it.
public func textOfError(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    let isKnown = strerror_r(number, &buffer, buffer.count) == 0
    let text = String(
        decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return isKnown && !text.isEmpty ? text : "error \(number)"
}

/// The meaning in Vietnamese of the numbers that people meet; libc's words here are English only.
public func vietnameseTextOfError(_ number: Int32) -> String {
    switch number {
    case ENOENT: "tệp hoặc thư mục không có"
    case EACCES, EPERM: "không có quyền"
    case EEXIST: "đã có tệp hoặc thư mục này"
    case ENOTDIR: "một phần của đường dẫn không phải thư mục"
    case EISDIR: "đây là thư mục"
    case ENOTEMPTY: "thư mục không trống"
    case ENOSPC: "ổ đĩa đầy"
    case EDQUOT: "đã hết hạn ngạch đĩa"
    case EROFS: "hệ thống tệp chỉ cho đọc"
    case EIO: "lỗi đọc ghi thiết bị"
    case EFBIG: "tệp quá lớn"
    case ENOMEM: "không đủ bộ nhớ"
    case EMFILE, ENFILE: "có quá nhiều tệp đang mở"
    case ENAMETOOLONG: "tên quá dài"
    case ELOOP: "có liên kết tượng trưng không được theo"
    case EBUSY, ETXTBSY: "đang được dùng"
    case EAGAIN: "tạm thời chưa thực hiện được"
    case EINVAL: "tham số không hợp lệ"
    case EXDEV: "hai hệ thống tệp khác nhau"
    case ENXIO, ENODEV: "không có thiết bị này"
    case ECONNREFUSED: "không có ai nhận kết nối"
    case EADDRINUSE: "địa chỉ đang được dùng"
    case EADDRNOTAVAIL: "máy này không có địa chỉ đó"
    case EPIPE: "bên nhận đã đóng"
    case ETIMEDOUT: "quá thời gian chờ"
    default: "lỗi hệ thống số \(number)"
    }
}
