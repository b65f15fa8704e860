// The serialised forms (docs/wire-format.md, "Sketches"). Each value has one text; any other is refused.

extension DistinctCounter {
    /// u8 precision, then coupons of 4 bytes, or 2^precision registers of 1 byte. The length tells which, since
    /// coupons never take as many bytes as registers.
    var bytes: [UInt8] {
        var out = SketchBytes()
        out.put(precision)
        switch form {
        case .none: break
        case .one(let coupon): out.put(coupon)
        case .few(let coupons): for coupon in coupons { out.put(coupon) }
        case .registers(let registers): for register in registers { out.put(register) }
        }
        return out.bytes
    }

    init?(bytes: [UInt8]) {
        var input = SketchBytes(bytes)
        guard let precision = input.take(UInt8.self), Self.precisions.contains(Int(precision))
        else { return nil }
        self.init(precision: Int(precision))
        let size = bytes.count - 1
        if size == 1 << Int(precision) {
            guard let registers = input.take(UInt8.self, count: size),
                registers.allSatisfy({ $0 <= 65 - precision })
            else { return nil }
            self.init(precision: precision, form: .registers(registers))
        } else {
            guard size % 4 == 0, size / 4 <= couponsMax,
                let coupons = input.take(UInt32.self, count: size / 4),
                coupons.allSatisfy({ (1...39).contains($0 & 63) }),
                zip(coupons, coupons.dropFirst()).allSatisfy({ $0 >> 6 < $1 >> 6 })
            else { return nil }
            let form: Form =
                coupons.isEmpty ? .none : coupons.count == 1 ? .one(coupons[0]) : .few(coupons)
            self.init(precision: precision, form: form)
        }
    }

    public var text: String { SketchBytes(bytes).text }

    public init?(text: some Sequence<UInt8>) {
        guard let bytes = SketchBytes(text: text)?.bytes else { return nil }
        self.init(bytes: bytes)
    }
}

extension KeyedMinimum {
    /// u16 k, then the values, 8 bytes each, ascending.
    public var text: String {
        var out = SketchBytes()
        out.put(UInt16(k))
        for value in values { out.put(value) }
        return out.text
    }

    public init?(text: some Sequence<UInt8>) {
        guard var input = SketchBytes(text: text), let k = input.take(UInt16.self),
            (input.bytes.count - 2) % 8 == 0,
            let values = input.take(UInt64.self, count: (input.bytes.count - 2) / 8)
        else { return nil }
        self.init(k: Int(k), values: values)
    }
}

extension TopSources {
    /// u16 k, then 16 bytes for each entry: u64 key, u32 count, u32 error.
    public var text: String {
        var out = SketchBytes()
        out.put(k)
        for entry in entries {
            out.put(entry.key)
            out.put(entry.count)
            out.put(entry.error)
        }
        return out.text
    }

    public init?(text: some Sequence<UInt8>) {
        guard var input = SketchBytes(text: text), let k = input.take(UInt16.self) else {
            return nil
        }
        var entries: [Entry] = []
        while !input.isAtEnd, entries.count <= Self.sizes.upperBound {
            guard let key = input.take(UInt64.self), let count = input.take(UInt32.self),
                let error = input.take(UInt32.self)
            else { return nil }
            entries.append(Entry(key: key, count: count, error: error))
        }
        self.init(k: Int(k), entries: entries)
    }
}
