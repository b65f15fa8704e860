// Arithmetic on numbers that came from outside or from the database. Swift's own ends the program when a result does
// not fit; this stops at the largest or smallest number that fits. It must not be used for money or for chains.

extension FixedWidthInteger {
    /// The sum, or the bound that it exceeds.
    public func adding(_ other: Self) -> Self {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other > 0 ? .max : .min) : sum
    }

    /// The difference, or the bound that it exceeds.
    public func subtracting(_ other: Self) -> Self {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other > 0 ? .min : .max) : difference
    }

    /// The product, or the bound that it exceeds.
    public func multiplied(by other: Self) -> Self {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum of all, which cannot overflow.
    public var saturatingSum: Element { reduce(0) { $0.adding($1) } }
}

extension Int64 {
    /// The whole part of a fraction; the nearest number for one that is too large, and 0 for NaN.
    public init(saturating fraction: Double) {
        if let exact = Int64(exactly: fraction.rounded(.towardZero)) {
            self = exact
        } else {
            self = fraction.isNaN ? 0 : fraction < 0 ? .min : .max
        }
    }
}
