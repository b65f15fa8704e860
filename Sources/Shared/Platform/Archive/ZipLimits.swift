/// The limits of an archive. When one is exceeded, reading fails before memory is taken.
public struct ZipLimits: Sendable {
    /// The most bytes of the archive itself.
    public var archiveBytesMax: Int
    public var entriesMax: Int
    /// The most bytes of one entry, unpacked.
    public var entryBytesMax: Int
    /// Bounds for the entries of these names, in place of `entryBytesMax`; each may be larger or smaller.
    public var ofEntries: [String: Int]
    /// The most bytes of all entries together, unpacked.
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
