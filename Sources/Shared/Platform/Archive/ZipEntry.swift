/// One named entry of an archive.
public struct ZipEntry: Hashable, Sendable {
    /// How an entry is packed. Every tool opens `deflate`, which looks 32 KiB back; `bzip2` (8 MiB of memory) finds
    /// what repeats within 900 kB. Debian's libzip has neither xz nor zstd.
    public enum Packing: Sendable { case stored, deflate, bzip2 }

    /// A relative path with `/`, UTF-8.
    public let name: String
    public let bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
