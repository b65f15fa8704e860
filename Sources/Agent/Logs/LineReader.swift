import Domain
import Glibc

/// Reads lines of one format. It finds the account, the service, the time and whatever else is named, without making
/// an object for a line. What it returns points into the line or into its own memory and is valid until the next
/// `read`. One thread at a time.
///
/// A line must fit the format as a whole, else it is bad: nothing is taken from a line that was cut off.
final class LineReader {
    /// Longer lines are counted as bad and skipped (ARCHITECTURE.md#invariants).
    static let lineBytesMax = 1 << 20

    /// A wanted variable of the line: where its raw text stands; `count` is below 0 when it is absent.
    struct Capture {
        var start: Int32 = 0
        var count: Int32 = -1
    }

    /// One variable of a text format and what stands behind it.
    struct Step {
        var shape: LogFormat.Shape
        var slot: Int32
        var literalStart: Int
        var literalCount: Int
    }

    private enum Value {
        /// A range of bytes in `texts`.
        case constant(start: Int, count: Int)
        case variable(slot: Int)
        case pathSegment(Int)
    }

    private struct PathSlot {
        var slot: Int
        var isRequestLine: Bool
    }

    private struct TimeSlot {
        var slot: Int
        var shape: LogFormat.Shape
    }

    let format: LogFormat
    let escape: LogFormat.Escape
    /// The names of the kept variables, by slot.
    let names: [String]
    let captures: UnsafeMutablePointer<Capture>
    let steps: UnsafeMutableBufferPointer<Step>
    let literals: UnsafeMutableBufferPointer<UInt8>
    let beforeCount: Int
    private let isJSON: Bool
    private let needsTime: Bool
    private let account: Value
    private let service: Value
    /// The slots that may give the path; those that may give the time are in `timeSlots`. The best come first.
    private let pathSlots: UnsafeMutableBufferPointer<PathSlot>
    private let timeSlots: UnsafeMutableBufferPointer<TimeSlot>
    private let statusSlot: Int?
    private let upstreamSlot: Int?
    private let requestIDSlot: Int?
    private let sourceSlot: Int?
    private let accountText: FieldText
    private let serviceText: FieldText
    private let clock = LogTime()
    private let milliseconds = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
    /// Holds `-`, `?`, then the constants of expressions.
    private let texts: UnsafeMutableBufferPointer<UInt8>

    /// Throws when the format lacks a variable that an expression names, or a time where one is needed.
    init(
        _ format: LogFormat, account: LogExpression = .account, service: LogExpression = .service,
        needsTime: Bool, tellsForwarding: Bool = false
    ) throws(LogFormatError) {
        var slots = Slots(format)
        var texts = [UInt8]("-?".utf8)
        self.account = try Self.value(account, &slots, &texts)
        self.service = try Self.value(service, &slots, &texts)
        let shapes: [(String, LogFormat.Shape)] = [
            ("msec", .seconds), ("time_iso8601", .timeISO8601), ("time_local", .timeLocal),
        ]
        var times: [TimeSlot] = []
        for (name, shape) in shapes {
            if let slot = slots.slot(name) { times.append(TimeSlot(slot: slot, shape: shape)) }
        }
        guard !needsTime || !times.isEmpty else {
            throw .init("has no time; one of $msec, $time_iso8601, $time_local must be in it")
        }
        var paths: [PathSlot] = []
        if account.usesPath || service.usesPath {
            for name in LogExpression.pathVariables {
                guard let slot = slots.slot(name) else { continue }
                paths.append(PathSlot(slot: slot, isRequestLine: name == "request"))
            }
        }
        statusSlot = slots.slot("status")
        // Only followers ask for it; `count` takes every line.
        upstreamSlot = tellsForwarding ? slots.slot("upstream_status") : nil
        requestIDSlot = slots.slot("request_id")
        sourceSlot = slots.slot("remote_addr")
        self.format = format
        self.needsTime = needsTime
        isJSON = format.layout == .jsonObject
        names = slots.names
        captures = .allocate(capacity: max(1, names.count))
        captures.initialize(repeating: Capture(), count: max(1, names.count))
        timeSlots = Self.memory(times)
        pathSlots = Self.memory(paths)
        self.texts = Self.memory(texts)
        (escape, steps, literals, beforeCount) = Self.compile(format, slots)
        accountText = FieldText(escape: escape)
        serviceText = FieldText(escape: escape)
        milliseconds.initialize(to: 0)
    }

    deinit {
        captures.deallocate()
        steps.deallocate()
        literals.deallocate()
        timeSlots.deallocate()
        pathSlots.deallocate()
        texts.deallocate()
        milliseconds.deallocate()
    }

    /// Reads a line. Returns nil when it fits the format, else why it does not.
    @inline(__always)
    func read(_ line: UnsafeRawBufferPointer) -> LineFault? {
        guard let base = line.baseAddress, !line.isEmpty else { return .mismatch(0) }
        if isJSON {
            guard readObject(base, line.count) else { return .notJSON }
        } else if let step = mismatch(base.assumingMemoryBound(to: UInt8.self), line.count) {
            return .mismatch(step)
        }
        guard needsTime else { return nil }
        return readTime(base) ? nil : .time
    }

    /// The time of the line read last, in milliseconds since 1970 UTC; valid only with `needsTime`.
    var time: Int64 { milliseconds.pointee }

    /// The account's bytes; `-` when the line names none.
    @inline(__always)
    func account(of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let text = Blanks.cut(bytes(of: account, in: line, accountText))
        return text.isEmpty ? constant(0, 1) : text
    }

    /// The service's bytes; `?` when the line names none.
    @inline(__always)
    func service(of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let text = Blanks.cut(bytes(of: service, in: line, serviceText))
        let isNone = text.isEmpty || (text.count == 1 && text[0] == UInt8(ascii: "-"))
        return isNone ? constant(1, 1) : text
    }

    var hasStatus: Bool { statusSlot != nil }

    /// The HTTP status; 0 when the line tells none.
    func status(of line: UnsafeRawBufferPointer) -> Int {
        guard let slot = statusSlot else { return 0 }
        return raw(slot, line).reduce(0) { sum, byte in
            (48...57).contains(byte) && sum < 1000 ? sum * 10 + Int(byte - 48) : sum
        }
    }

    /// Whether the proxy asked another server (`$upstream_status`); nil when unknown. Only with `tellsForwarding`.
    func wasForwarded(of line: UnsafeRawBufferPointer) -> Bool? {
        guard let slot = upstreamSlot, captures[slot].count >= 0 else { return nil }
        let text = raw(slot, line)
        return !text.isEmpty && !text.elementsEqual("-".utf8)
    }

    func requestID(of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        requestIDSlot.map { raw($0, line) } ?? Self.nothing
    }

    func source(of line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        sourceSlot.map { raw($0, line) } ?? Self.nothing
    }

    private static var nothing: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: nil, count: 0)
    }

    @inline(__always)
    private func constant(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: texts.baseAddress.map { $0 + start }, count: count)
    }

    @inline(__always)
    private func raw(_ slot: Int, _ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let capture = captures[slot]
        guard capture.count >= 0 else { return Self.nothing }
        let start = Int(capture.start)
        return UnsafeRawBufferPointer(rebasing: line[start..<start &+ Int(capture.count)])
    }

    @inline(__always)
    private func bytes(
        of value: Value, in line: UnsafeRawBufferPointer, _ text: FieldText
    ) -> UnsafeRawBufferPointer {
        switch value {
        case .constant(let start, let count): return constant(start, count)
        case .variable(let slot): return text.decoded(raw(slot, line))
        case .pathSegment(let number):
            for path in pathSlots where captures[path.slot].count >= 0 {
                return text.segment(
                    number, of: raw(path.slot, line), isRequestLine: path.isRequestLine)
            }
            return Self.nothing
        }
    }

    @inline(__always)
    private func readTime(_ base: UnsafeRawPointer) -> Bool {
        for time in timeSlots where captures[time.slot].count >= 0 {
            let capture = captures[time.slot]
            guard
                let time = clock.read(base + Int(capture.start), Int(capture.count), time.shape)
            else { return false }
            milliseconds.pointee = time
            return true
        }
        return false
    }
}

/// Collects the variables that are kept, each once.
struct Slots {
    private let available: [String]?
    private(set) var names: [String] = []

    init(_ format: LogFormat) { available = format.variables }

    /// The slot of a variable; nil when the format has no such variable.
    mutating func slot(_ name: String) -> Int? {
        if let slot = names.firstIndex(of: name) { return slot }
        if let available, !available.contains(name) { return nil }
        names.append(name)
        return names.count - 1
    }

    func offers(_ name: String) -> Bool { available?.contains(name) ?? true }

    /// The available variables, for an error message.
    var offer: String { available.map { $0.map { "$" + $0 }.joined(separator: ", ") } ?? "" }
}

extension LineReader {
    private static func value(
        _ expression: LogExpression, _ slots: inout Slots, _ texts: inout [UInt8]
    ) throws(LogFormatError) -> Value {
        switch expression.source {
        case .constant(let bytes):
            texts += bytes
            return .constant(start: texts.count - bytes.count, count: bytes.count)
        case .variable(let name):
            guard let slot = slots.slot(name) else {
                throw .init("has no $\(name); it has \(slots.offer)")
            }
            return .variable(slot: slot)
        case .pathSegment(let number):
            guard LogExpression.pathVariables.contains(where: slots.offers) else {
                throw .init(
                    "has no path for $request_path[\(number)]; $request, $request_uri or $uri must be in it"
                )
            }
            return .pathSegment(number)
        }
    }

    private static func memory<T>(_ values: [T]) -> UnsafeMutableBufferPointer<T> {
        let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: values.count)
        _ = memory.initialize(from: values)
        return memory
    }

    private static func compile(_ format: LogFormat, _ slots: Slots) -> (
        LogFormat.Escape, UnsafeMutableBufferPointer<Step>, UnsafeMutableBufferPointer<UInt8>, Int
    ) {
        guard case .text(let before, let elements, let escape) = format.layout else {
            return (.json, memory([]), memory([]), 0)
        }
        var bytes = before
        var steps: [Step] = []
        for (index, element) in elements.enumerated() {
            // A variable that stands twice is kept where it stands first.
            let isFirst = elements.firstIndex { $0.variable == element.variable } == index
            let slot = isFirst ? slots.names.firstIndex(of: element.variable) ?? -1 : -1
            steps.append(
                Step(
                    shape: element.shape, slot: Int32(slot), literalStart: bytes.count,
                    literalCount: element.after.count))
            bytes += element.after
        }
        // The extra byte gives an empty literal an address too.
        return (escape, memory(steps), memory(bytes + [0]), before.count)
    }
}
