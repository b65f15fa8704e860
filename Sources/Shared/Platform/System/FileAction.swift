/// What was tried with a file, for the sentences "cannot …" and "không … được".
public enum FileAction: Sendable, Hashable {
    case compress, create, cutInterval, fillHoles, find, follow, list, listen, lock, make,
        makeFolder, map
    case open, pipe, read, readKey, send, start, startServer, sync, unpack, use, write
    case move(to: String)
    case rename(to: String)
    case reserve(bytes: Int)
    case stayBelow(setting: String)
    /// A step that a simulation lets fail.
    case step(String)

    public var en: String {
        switch self {
        case .compress: "compress"
        case .create: "create"
        case .cutInterval: "cut the interval"
        case .fillHoles: "fill the holes of"
        case .find: "find"
        case .follow: "follow"
        case .list: "list"
        case .listen: "listen"
        case .lock: "lock"
        case .make: "make"
        case .makeFolder: "make the folder"
        case .map: "map"
        case .open: "open"
        case .pipe: "open a pipe for"
        case .read: "read"
        case .readKey: "read the key"
        case .send: "send to"
        case .start: "start"
        case .startServer: "start the HTTP server"
        case .sync: "sync"
        case .unpack: "unpack"
        case .use: "use"
        case .write: "write"
        case .move(let other): "move to \(other)"
        case .rename(let other): "rename to \(other)"
        case .reserve(let bytes): "reserve \(bytes) bytes for"
        case .stayBelow(let setting): "stay under \(setting)"
        case .step(let step): step
        }
    }

    public var vi: String {
        switch self {
        case .compress: "nén"
        case .create, .make: "tạo"
        case .cutInterval: "cắt khoảng đếm"
        case .fillHoles: "lấp chỗ trống của tệp"
        case .find: "tìm"
        case .follow: "theo dõi"
        case .list: "liệt kê"
        case .listen: "mở địa chỉ để nhận kết nối"
        case .lock: "giữ riêng"
        case .makeFolder: "tạo thư mục"
        case .map: "ánh xạ vào bộ nhớ"
        case .open: "mở"
        case .pipe: "mở ống dẫn"
        case .read: "đọc"
        case .readKey: "đọc khóa"
        case .send: "gửi tới"
        case .start: "khởi động"
        case .startServer: "khởi động máy chủ HTTP"
        case .sync: "ghi hẳn xuống đĩa"
        case .unpack: "giải nén"
        case .use: "dùng"
        case .write: "ghi"
        case .move(let other): "chuyển thành \(other)"
        case .rename(let other): "đổi tên thành \(other)"
        case .reserve(let bytes): "dành trước \(bytes) byte"
        case .stayBelow(let setting): "giữ dưới mức \(setting)"
        case .step(let step): "làm bước \(step)"
        }
    }
}
