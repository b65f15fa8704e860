import Domain

/// Bounds the rows of names that nobody registered. The bound goes by the time that is counted, however often the
/// interval is cut. Somebody without credentials can make up millions; what is beyond is counted under `*other`.
///
/// Not thread-safe: its owner (`Checkpoint`, `FeatureTracker`) holds the lock.
struct UnknownNames {
    /// How much may be taken at once, and how much becomes free again in an hour.
    struct Limits {
        let rows: Int64
        let rowsPerHour: Int64
        /// Bytes of the names, as they stand in a summary, and about 200 more for each row.
        let bytes: Int64
        let bytesPerHour: Int64

        /// For rows: a tenth of what a collector takes.
        static let rows = Limits(
            rows: 4096, rowsPerHour: 98_304, bytes: 2 << 20, bytesPerHour: 12 << 20)
        /// For lines of features, which are longer.
        static let features = Limits(
            rows: 1024, rowsPerHour: 24_576, bytes: 1 << 20, bytesPerHour: 4 << 20)
    }

    private let limits: Limits
    /// What was taken and has not become free again, times the milliseconds of an hour.
    private var rows: Int64 = 0
    private var bytes: Int64 = 0
    private var last: Timestamp?

    init(_ limits: Limits) { self.limits = limits }

    /// Takes room for a row of these names; returns false when there is none. A time before the last one frees nothing.
    mutating func take(_ login: Login, _ service: ServiceName? = nil, at time: Timestamp) -> Bool {
        let hour = Timestamp.millisecondsPerHour
        let elapsed = last.map { min(max(0, time.milliseconds - $0.milliseconds), hour) } ?? 0
        last = time
        rows = max(0, rows - elapsed * limits.rowsPerHour)
        bytes = max(0, bytes - elapsed * limits.bytesPerHour)
        let size = Int64(200 + login.rawValue.jsonBytes + (service?.rawValue.jsonBytes ?? 0))
        guard rows + hour <= limits.rows * hour, bytes + size * hour <= limits.bytes * hour else {
            return false
        }
        rows += hour
        bytes += size * hour
        return true
    }
}

extension String {
    /// The bytes that the text takes in JSON, where an escape takes two or six.
    var jsonBytes: Int {
        utf8.reduce(0) { sum, byte in
            switch byte {
            case 0..<0x20: sum + 6
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): sum + 2
            default: sum + 1
            }
        }
    }
}
