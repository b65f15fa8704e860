import Glibc

/// Cuts a stream of bytes into lines in place: big blocks come in at the end of its memory, and lines are read where
/// they lie. A line longer than `LineReader.lineBytesMax` is dropped while it comes in, so memory stays bounded. One
/// thread at a time.
final class LineScanner {
    enum Next {
        /// A line without its end (LF, or CR LF). It is valid until `refill`.
        case line(UnsafeRawBufferPointer)
        /// The end of a line that was too long; holds its first bytes, for a sample.
        case tooLong(UnsafeRawBufferPointer)
        /// The scanner needs more bytes.
        case none
    }

    static let blockBytes = 256 << 10
    private static let capacity = LineReader.lineBytesMax + 2 + blockBytes
    private static let headMax = BadLines.sampleBytesMax + 1

    private let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    private let head = UnsafeMutablePointer<UInt8>.allocate(capacity: headMax)
    private var headCount = 0
    /// The beginning of the line that is being cut.
    private var start = 0
    /// The bytes before this place hold no line end.
    private var seen = 0
    private var end = 0
    private(set) var isSkipping = false
    /// Where in the stream the skipped line began.
    private var skippedFrom: Int64 = 0
    /// The bytes of the stream before `start`.
    private(set) var consumed: Int64 = 0

    deinit {
        memory.deallocate()
        head.deallocate()
    }

    /// Forgets what it holds; the stream continues at this position.
    func reset(at position: Int64) {
        start = 0
        seen = 0
        end = 0
        isSkipping = false
        consumed = position
    }

    /// The position in the stream of the bytes that the next `refill` reads.
    var position: Int64 { consumed + Int64(end - start) }

    /// The position of the first line that was not taken yet, even while it is being skipped.
    var lineStart: Int64 { isSkipping ? skippedFrom : consumed }

    /// The position behind the line that `next` gave last, with its line end.
    var positionAfterLine: Int64 { consumed + Int64(seen + 1 - start) }

    /// Gives the next whole line. It counts as taken only after `take`.
    @inline(__always)
    func next() -> Next {
        guard seen < end, let hit = memchr(memory + seen, 10, end &- seen) else {
            seen = end
            return end - start > LineReader.lineBytesMax + 1 ? drop() : .none
        }
        let stop = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(memory)
        seen = stop
        if isSkipping { return .tooLong(UnsafeRawBufferPointer(start: head, count: headCount)) }
        let line = line(upTo: stop)
        guard line.count <= LineReader.lineBytesMax else {
            keepHead()
            return .tooLong(UnsafeRawBufferPointer(start: head, count: headCount))
        }
        return .line(line)
    }

    /// Passes the line that `next` gave last.
    @inline(__always)
    func take() {
        seen &+= 1
        consumed &+= Int64(seen &- start)
        start = seen
        isSkipping = false
    }

    /// Gives what is left at the end of the stream as a line.
    func rest() -> Next {
        if isSkipping { return .tooLong(UnsafeRawBufferPointer(start: head, count: headCount)) }
        guard end > start else { return .none }
        let line = line(upTo: end)
        guard line.count <= LineReader.lineBytesMax else {
            keepHead()
            return .tooLong(UnsafeRawBufferPointer(start: head, count: headCount))
        }
        return .line(line)
    }

    /// Passes what `rest` gave.
    func takeRest() {
        consumed += Int64(end - start)
        start = end
        seen = end
        isSkipping = false
    }

    /// Fills the memory by `read(target, bytes)`, which returns the number of bytes read, 0 at the end of the stream,
    /// or less than 0 on an error. Returns the same.
    func refill(_ read: (UnsafeMutableRawPointer, Int) -> Int) -> Int {
        // The memory in use stays small, so that it fits the processor's cache.
        if start > 0 {
            memmove(memory, memory + start, end - start)
            seen -= start
            end -= start
            start = 0
        }
        let count = read(memory + end, min(Self.blockBytes, Self.capacity - end))
        if count > 0 { end += count }
        return count
    }

    private func line(upTo stop: Int) -> UnsafeRawBufferPointer {
        let count = stop &- start
        let hasReturn = count > 0 && memory[stop &- 1] == 13
        return UnsafeRawBufferPointer(start: memory + start, count: hasReturn ? count &- 1 : count)
    }

    /// Drops the bytes of a line that is too long already.
    private func drop() -> Next {
        if !isSkipping {
            keepHead()
            skippedFrom = consumed
        }
        isSkipping = true
        consumed += Int64(end - start)
        start = 0
        seen = 0
        end = 0
        return .none
    }

    private func keepHead() {
        headCount = min(Self.headMax, end - start)
        memcpy(head, memory + start, headCount)
    }
}
