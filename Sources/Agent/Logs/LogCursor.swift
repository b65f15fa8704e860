/// How far a log was read: up to `offset`, the end of a line, of a file that is known again by its inode and
/// by its first bytes, whatever name it bears then. Kept by the caller together with what was counted.
struct LogCursor: Codable, Hashable, Sendable {
    /// The file system may bear another number after a restart of the machine; the inode stays.
    var device: UInt64
    var inode: UInt64
    var offset: Int64
    /// Of the file's first `min(offset, LogCursor.headBytes)` bytes.
    var fingerprint: UInt64

    static let headBytes = 512

    /// FNV-1a, 64 bits: the same in every run. It tells logs apart; it stands against nobody.
    static func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

extension LogCursor {
    /// As the ledger keeps it.
    init(_ kept: LedgerFile.Cursor) {
        self.init(
            device: kept.device, inode: kept.inode, offset: Int64(clamping: kept.offset),
            fingerprint: kept.fingerprint)
    }

    var kept: LedgerFile.Cursor {
        LedgerFile.Cursor(
            device: device, inode: inode, offset: UInt64(clamping: offset),
            fingerprint: fingerprint)
    }
}
