/// How far a log was read: up to `offset`, the end of a line. The file is known again by its inode and its first
/// bytes, whatever its name is then. The caller keeps the cursor together with what was counted.
struct LogCursor: Codable, Hashable, Sendable {
    /// The device may have another number after a restart of the machine; the inode stays.
    var device: UInt64
    var inode: UInt64
    var offset: Int64
    /// The fingerprint of the file's first `min(offset, LogCursor.headBytes)` bytes.
    var fingerprint: UInt64

    static let headBytes = 512

    /// A 64-bit FNV-1a hash, the same in every run. It tells logs apart and protects against no attacker.
    static func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}

extension LogCursor {
    /// Reads a cursor as the ledger keeps it.
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
