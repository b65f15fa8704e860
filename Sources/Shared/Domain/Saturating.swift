// Arithmetic on numbers that came from outside or from the database. Swift's own ends the program where a
// result does not fit; here it stops at the largest or smallest that does. Not for money, not for chains.

extension FixedWidthInteger {
    /// The sum, or the bound that it passes.
    public func adding(_ other: Self) -> Self {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other > 0 ? .max : .min) : sum
    }

    /// The difference, or the bound that it passes.
    public func subtracting(_ other: Self) -> Self {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other > 0 ? .min : .max) : difference
    }

    /// The product, or the bound that it passes.
    public func multiplied(by other: Self) -> Self {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum of all, none of which can end the program.
    public var saturatingSum: Element { reduce(0) { $0.adding($1) } }
}

extension Int64 {
    /// The whole part of a fraction; the nearest that there is for one too large, 0 for what is no number.
    public init(saturating fraction: Double) {
        if let exact = Int64(exactly: fraction.rounded(.towardZero)) {
            self = exact
        } else {
            self = fraction.isNaN ? 0 : fraction < 0 ? .min : .max
        }
    }
}
