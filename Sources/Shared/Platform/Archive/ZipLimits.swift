/// What an archive may hold at most; beyond it reading fails before memory is taken.
public struct ZipLimits: Sendable {
    /// Of the archive itself.
    public var archiveBytesMax: Int
    public var entriesMax: Int
    /// Of one entry, unpacked.
    public var entryBytesMax: Int
    /// Of the entries of these names; those have the bound of their own, larger or smaller than that of all others.
    public var ofEntries: [String: Int]
    /// Of all entries together, unpacked.
    public var totalBytesMax: Int

    public init(
        archiveBytesMax: Int = 64 << 20, entriesMax: Int = 10_000, entryBytesMax: Int = 64 << 20,
        totalBytesMax: Int = 256 << 20, ofEntries: [String: Int] = [:]
    ) {
        self.ofEntries = ofEntries
        self.archiveBytesMax = archiveBytesMax
        self.entriesMax = entriesMax
        self.entryBytesMax = entryBytesMax
        self.totalBytesMax = totalBytesMax
    }
}
