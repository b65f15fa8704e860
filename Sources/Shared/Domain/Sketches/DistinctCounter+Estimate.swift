extension DistinctCounter {
    /// About how many different values were inserted. Coupons are exact but for one collision in 2^26; registers are
    /// read by the estimator of O. Ertl (2017), which needs no table and holds for any number of values.
    public var estimate: Double {
        switch form {
        case .none: 0
        case .one: 1
        case .few(let coupons): Double(coupons.count)
        case .registers(let registers): estimate(registers)
        }
    }

    /// The estimate as a whole number, for figures and messages.
    public var count: UInt32 { UInt32(min(estimate.rounded(), Double(UInt32.max))) }

    private func estimate(_ registers: [UInt8]) -> Double {
        let rankMax = 64 - Int(precision) + 1
        var counts = [Double](repeating: 0, count: rankMax + 1)
        for rank in registers { counts[min(Int(rank), rankMax)] += 1 }
        let m = Double(registers.count)
        var z = m * Self.tau(1 - counts[rankMax] / m)
        for rank in (1..<rankMax).reversed() { z = 0.5 * (z + counts[rank]) }
        z += m * Self.sigma(counts[0] / m)
        // 1 / (2 ln 2)
        return 0.721_347_520_444_481_7 * m * m / z
    }

    /// The term for registers that are still empty: x + Σ x^(2^k) 2^(k-1).
    private static func sigma(_ share: Double) -> Double {
        guard share < 1 else { return .infinity }
        var (x, weight, sum) = (share, 1.0, share)
        while true {
            x *= x
            let next = sum + x * weight
            if next == sum { return sum }
            (sum, weight) = (next, weight * 2)
        }
    }

    /// The term for registers that are full.
    private static func tau(_ share: Double) -> Double {
        guard share > 0, share < 1 else { return 0 }
        var (x, weight, sum) = (share, 1.0, 1 - share)
        while true {
            x = x.squareRoot()
            weight *= 0.5
            let next = sum - (1 - x) * (1 - x) * weight
            if next == sum { return sum / 3 }
            sum = next
        }
    }
}
