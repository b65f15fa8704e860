/// Numbers by chance that a seed makes again: SplitMix64.
public struct Chance: RandomNumberGenerator {
    private var state: UInt64

    /// The seed is mixed first: neighbours would else be one stream, begun a step apart.
    public init(seed: UInt64) {
        state = seed
        state = next() ^ seed
        state = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    public mutating func hits(_ share: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < share }
    public mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }
    public mutating func time(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }
    public mutating func one<T>(of choices: [T]) -> T { choices[number(0...(choices.count - 1))] }
}
