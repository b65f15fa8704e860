/// Estimates how many different values were seen (HyperLogLog). It is exact for few; afterwards the standard error is
/// 1.04 / √2^precision: 3.3 % at precision 10, which takes 1 KiB. While small it keeps one 32-bit coupon for each
/// value, so that thousands of quiet accounts cost little.
///
/// Values are 64-bit keyed hashes, made outside and uniformly distributed. The merge of two counters *equals* the
/// counter of the union, in whatever order and grouping: the form depends on the set alone.
public struct DistinctCounter: Hashable, Sendable {
    /// How many bits of the hash may choose a register.
    public static let precisions = 4...16
    static let couponIndexBits = 26

    /// What is kept, from small to large. A coupon has 26 bits of index and 6 of rank; coupons are sorted by index,
    /// one for each index.
    enum Form: Hashable, Sendable {
        case none
        case one(UInt32)
        case few([UInt32])
        case registers([UInt8])
    }

    private(set) var form = Form.none
    let precision: UInt8

    public init(precision: Int = 10) {
        let range = Self.precisions
        self.precision = UInt8(min(max(precision, range.lowerBound), range.upperBound))
    }

    /// `form` must be canonical; see `Sketches+Bytes.swift`.
    init(precision: UInt8, form: Form) {
        self.precision = precision
        self.form = form
    }

    /// With more coupons than this, registers take less room.
    var couponsMax: Int { (1 << Int(precision)) * 3 / 16 }

    public var isEmpty: Bool { form == .none }

    /// Inserts a keyed, uniformly distributed hash.
    public mutating func insert(_ hash: UInt64) { insert(coupon: Self.coupon(hash)) }

    /// Both counters must have the same precision (a precondition).
    public mutating func merge(_ other: DistinctCounter) {
        precondition(precision == other.precision, "counters of different precision")
        switch other.form {
        case .none: break
        case .one(let coupon): insert(coupon: coupon)
        case .few(let coupons): for coupon in coupons { insert(coupon: coupon) }
        case .registers(let theirs):
            var ours = takeRegisters()
            for index in ours.indices where theirs[index] > ours[index] {
                ours[index] = theirs[index]
            }
            form = .registers(ours)
        }
    }

    // MARK: coupons and registers

    static func coupon(_ hash: UInt64) -> UInt32 {
        let rest = hash << UInt64(couponIndexBits)
        let rank = min(rest.leadingZeroBitCount, 64 - couponIndexBits) + 1
        return UInt32(hash >> UInt64(64 - couponIndexBits)) << 6 | UInt32(rank)
    }

    private mutating func insert(coupon: UInt32) {
        switch form {
        case .none: form = .one(coupon)
        case .one(let only):
            if only >> 6 == coupon >> 6 {
                form = .one(max(only, coupon))
            } else {
                form = .few([min(only, coupon), max(only, coupon)])
            }
        case .few(var coupons):
            // The array is taken out so that it is changed in place.
            form = .none
            Self.insert(coupon, into: &coupons)
            if coupons.count > couponsMax {
                form = .registers(registers(of: coupons))
            } else {
                form = .few(coupons)
            }
        case .registers(var registers):
            form = .none
            raise(&registers, coupon)
            form = .registers(registers)
        }
    }

    private static func insert(_ coupon: UInt32, into coupons: inout [UInt32]) {
        var low = 0
        var high = coupons.count
        while low < high {
            let middle = (low + high) / 2
            if coupons[middle] >> 6 < coupon >> 6 { low = middle + 1 } else { high = middle }
        }
        if low < coupons.count, coupons[low] >> 6 == coupon >> 6 {
            coupons[low] = max(coupons[low], coupon)
        } else {
            coupons.insert(coupon, at: low)
        }
    }

    private mutating func takeRegisters() -> [UInt8] {
        defer { form = .none }
        switch form {
        case .none: return registers(of: [])
        case .one(let coupon): return registers(of: [coupon])
        case .few(let coupons): return registers(of: coupons)
        case .registers(let registers): return registers
        }
    }

    private func registers(of coupons: [UInt32]) -> [UInt8] {
        var registers = [UInt8](repeating: 0, count: 1 << Int(precision))
        for coupon in coupons { raise(&registers, coupon) }
        return registers
    }

    /// A coupon's index holds the register's number and the first of the bits over which its rank is counted.
    private func raise(_ registers: inout [UInt8], _ coupon: UInt32) {
        let index = coupon >> 6
        let spare = UInt32(Self.couponIndexBits) - UInt32(precision)
        let register = Int(index >> spare)
        let inside = index & ((1 << spare) - 1)
        let rank =
            inside == 0
            ? spare + (coupon & 63) : spare - (32 - UInt32(inside.leadingZeroBitCount)) + 1
        registers[register] = max(registers[register], UInt8(rank))
    }
}
