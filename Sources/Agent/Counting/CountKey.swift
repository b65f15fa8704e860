import Domain
import Glibc

/// The columns by which lines can be counted.
enum CountColumn: String, CaseIterable, Sendable {
    case account, service, window, day, date, hour, status

    var needsTime: Bool { ![.account, .service, .status].contains(self) }
}

/// Makes the key of a line: its columns one after the other, texts preceded by their length. One thread at a time.
final class CountKey {
    static let folded = "*other"

    let columns: [CountColumn]
    /// The longest key, in bytes.
    let bytesMax: Int
    private let calendar: OfficeCalendar
    /// The parts that follow from the time. They are made anew when the hour changes.
    private struct Hour {
        var start: Int64 = .min
        var window: UInt8 = 0
        var day: Int32 = 0
        var date: Int32 = 0
    }
    private let hour = UnsafeMutablePointer<Hour>.allocate(capacity: 1)
    private let codes: UnsafeMutableBufferPointer<CountColumn>

    init(columns: [CountColumn], calendar: OfficeCalendar = .letter) {
        self.columns = columns
        self.calendar = calendar
        hour.initialize(to: Hour())
        codes = .allocate(capacity: columns.count)
        _ = codes.initialize(from: columns)
        bytesMax = columns.count * (LineReader.lineBytesMax + 8)
    }

    deinit {
        hour.deallocate()
        codes.deallocate()
    }

    /// Writes the key of the line that the reader read last, and returns the key's length in bytes.
    @inline(__always)
    func make(
        _ reader: LineReader, _ line: UnsafeRawBufferPointer, into key: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var at = UnsafeMutableRawPointer(key)
        for column in codes {
            switch column {
            case .account: at = Self.append(reader.account(of: line), at)
            case .service: at = Self.append(reader.service(of: line), at)
            case .status: at = Self.append(Int64(reader.status(of: line)), at)
            case .window, .day, .date, .hour: at = append(column, reader.time, at)
            }
        }
        return at - UnsafeMutableRawPointer(key)
    }

    /// The key under which a line beyond the bound is counted; it keeps only the window of the line's own key.
    func folded(_ key: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        for column in columns {
            let length = Self.bytes(of: column, in: key, at)
            switch column {
            case .window: result += key[at..<at + length]
            case .account, .service:
                let count = UInt32(Self.folded.utf8.count)
                result += withUnsafeBytes(of: count) { [UInt8]($0) } + Self.folded.utf8
            // No line has the least number.
            case .status, .hour: result += withUnsafeBytes(of: Int64.min) { [UInt8]($0) }
            case .day, .date: result += withUnsafeBytes(of: Int32.min) { [UInt8]($0) }
            }
            at += length
        }
        return result
    }

    private static func bytes(
        of column: CountColumn, in key: UnsafeRawBufferPointer, _ at: Int
    ) -> Int {
        switch column {
        case .account, .service: 4 + Int(key.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        case .window: 1
        case .day, .date: 4
        case .hour, .status: 8
        }
    }

    /// The columns of a key as text.
    func cells(_ key: UnsafeRawBufferPointer) -> [String] {
        var at = 0
        func take<T: FixedWidthInteger>(_ type: T.Type) -> T {
            defer { at += MemoryLayout<T>.size }
            return key.loadUnaligned(fromByteOffset: at, as: type)
        }
        return columns.map { column in
            switch column {
            case .account, .service:
                let length = Int(take(UInt32.self))
                defer { at += length }
                return ByteText.text(key[at..<at + length])
            case .status:
                let status = take(Int64.self)
                return status < 0 ? Self.folded : String(status)
            case .window: return take(UInt8.self) == 0 ? "office" : "off"
            case .day, .date:
                let days = take(Int32.self)
                return days == .min
                    ? Self.folded : CalendarDate(daysSinceEpoch: Int(days)).description
            case .hour:
                let start = take(Int64.self)
                return start == .min
                    ? Self.folded : Timestamp(milliseconds: start).rfc3339Seconds
            }
        }
    }

    @inline(__always)
    private func append(_ column: CountColumn, _ time: Int64, _ at: UnsafeMutableRawPointer)
        -> UnsafeMutableRawPointer
    {
        let since = time &- hour.pointee.start
        if since < 0 || since >= Timestamp.millisecondsPerHour { enter(time) }
        switch column {
        case .window: return Self.append(hour.pointee.window, at)
        case .day: return Self.append(hour.pointee.day, at)
        case .date: return Self.append(hour.pointee.date, at)
        default: return Self.append(hour.pointee.start, at)
        }
    }

    @inline(never)
    private func enter(_ time: Int64) {
        let start = Timestamp(milliseconds: time).hourStart
        hour.pointee = Hour(
            start: start.milliseconds, window: calendar.window(at: start).kind == .office ? 0 : 1,
            day: Int32(clamping: calendar.day(at: start).daysSinceEpoch),
            date: Int32(clamping: start.date.daysSinceEpoch))
    }

    @inline(__always)
    private static func append(_ text: UnsafeRawBufferPointer, _ at: UnsafeMutableRawPointer)
        -> UnsafeMutableRawPointer
    {
        at.storeBytes(of: UInt32(truncatingIfNeeded: text.count), as: UInt32.self)
        if let base = text.baseAddress { memcpy(at + 4, base, text.count) }
        return at + 4 + text.count
    }

    @inline(__always)
    private static func append<T: FixedWidthInteger>(_ value: T, _ at: UnsafeMutableRawPointer)
        -> UnsafeMutableRawPointer
    {
        at.storeBytes(of: value, as: T.self)
        return at + MemoryLayout<T>.size
    }
}
