import Glibc

extension LineReader {
    /// Fits a line to a text format and notes where the kept variables stand. Returns nil when it fits, else the
    /// number of the step that does not.
    ///
    /// A variable of any text ends at the first place where the text behind it follows, and then what must come next
    /// (a time, a status). nginx escapes quotes in values, so a client cannot move the borders of a format whose free
    /// values stand in quotes or before a time.
    @inline(__always)
    func mismatch(_ line: UnsafePointer<UInt8>, _ count: Int) -> Int? {
        let end = line + count
        guard let literal = literals.baseAddress, let steps = steps.baseAddress,
            Self.stands(literal, beforeCount, at: line, end)
        else { return 0 }
        var at = line + beforeCount
        for index in 0..<self.steps.count {
            let step = steps[index]
            let start = at
            if step.shape == .free {
                guard let stop = border(index, from: at, end) else { return index }
                at = stop
            } else {
                let length = Self.length(of: step.shape, at, end)
                guard length > 0 else { return index }
                at += length
                guard Self.stands(literal + step.literalStart, step.literalCount, at: at, end)
                else { return index }
            }
            if step.slot >= 0 {
                captures[Int(step.slot)] = Capture(
                    start: Int32(truncatingIfNeeded: start - line),
                    count: Int32(truncatingIfNeeded: at - start))
            }
            at += step.literalCount
        }
        return at == end ? nil : self.steps.count
    }

    /// Where a variable of any text ends; nil when it ends nowhere.
    @inline(__always)
    private func border(
        _ index: Int, from start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard let steps = steps.baseAddress, let literals = literals.baseAddress else { return nil }
        let step = steps[index]
        let isLast = index + 1 == self.steps.count
        guard step.literalCount > 0 else { return isLast ? end : nil }
        let literal = literals + step.literalStart
        let isQuote = literal[0] == UInt8(ascii: "\"") && escape != .none
        var from = start
        while from < end, let hit = memchr(from, Int32(literal[0]), end - from) {
            let stop = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self))
            from = stop + 1
            if isQuote, Self.isEscaped(stop, since: start) { continue }
            if Self.stands(literal, step.literalCount, at: stop, end),
                isLast || follows(index + 1, at: stop + step.literalCount, end)
            {
                return stop
            }
            // No value holds an unescaped quote.
            if isQuote { return nil }
        }
        return nil
    }

    /// Whether the next variable can begin here. One of any text can begin anywhere.
    @inline(__always)
    private func follows(
        _ index: Int, at start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Bool {
        guard let steps = steps.baseAddress, let literals = literals.baseAddress else {
            return false
        }
        let step = steps[index]
        guard step.shape != .free else { return true }
        let length = Self.length(of: step.shape, start, end)
        guard length > 0 else { return false }
        return Self.stands(
            literals + step.literalStart, step.literalCount, at: start + length, end)
    }

    /// A quote behind an odd number of backslashes belongs to the value.
    @inline(__always)
    private static func isEscaped(
        _ quote: UnsafePointer<UInt8>, since start: UnsafePointer<UInt8>
    ) -> Bool {
        var at = quote
        while at > start, at[-1] == UInt8(ascii: "\\") { at -= 1 }
        return (quote - at) & 1 == 1
    }

    @inline(__always)
    private static func stands(
        _ literal: UnsafePointer<UInt8>, _ count: Int, at: UnsafePointer<UInt8>,
        _ end: UnsafePointer<UInt8>
    ) -> Bool {
        guard end - at >= count else { return false }
        for index in 0..<count where literal[index] != at[index] { return false }
        return true
    }

    /// The length in bytes of a value of this shape; 0 when there is none here. Its digits are checked when it is read.
    @inline(__always)
    private static func length(
        of shape: LogFormat.Shape, _ at: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> Int {
        switch shape {
        case .free: return 0
        case .timeLocal:
            let fits =
                end - at >= 26 && at[2] == UInt8(ascii: "/") && at[6] == UInt8(ascii: "/")
                && at[11] == UInt8(ascii: ":") && at[14] == UInt8(ascii: ":")
                && at[17] == UInt8(ascii: ":") && at[20] == 32
            return fits ? 26 : 0
        case .timeISO8601:
            let fits =
                end - at >= 25 && at[4] == UInt8(ascii: "-") && at[7] == UInt8(ascii: "-")
                && at[10] == UInt8(ascii: "T") && at[13] == UInt8(ascii: ":")
                && at[16] == UInt8(ascii: ":") && at[22] == UInt8(ascii: ":")
            return fits ? 25 : 0
        case .number, .seconds:
            guard at < end else { return 0 }
            // Apache writes "-" for no bytes.
            if at[0] == UInt8(ascii: "-") { return shape == .number ? 1 : 0 }
            let whole = digits(at, end)
            guard shape == .seconds, whole > 0, end - at > whole,
                at[whole] == UInt8(ascii: ".")
            else { return whole }
            let fraction = digits(at + whole + 1, end)
            return fraction > 0 ? whole + 1 + fraction : 0
        }
    }

    /// Counts digits, 20 at most: nginx writes no longer number, and looking ahead stays cheap in any line.
    @inline(__always)
    private static func digits(_ at: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int {
        var count = 0
        while count < 20, at + count < end, at[count] &- 48 < 10 { count &+= 1 }
        return count
    }
}
