/// One named piece of an archive.
public struct ZipEntry: Hashable, Sendable {
    /// How an entry is packed. `xz` needs about 30 MiB while it packs, and packs what repeats far better than
    /// `deflate`; every tool opens `deflate`.
    public enum Packing: Sendable { case stored, deflate, xz }

    /// A relative path with `/`, UTF-8.
    public let name: String
    public let bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
