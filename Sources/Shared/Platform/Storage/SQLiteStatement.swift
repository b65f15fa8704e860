internal import CSQLite

/// A prepared statement: kept by the connection's cache, finalized when the last user lets go.
final class SQLiteStatement {
    let handle: OpaquePointer
    /// Set while its rows are being read, so that the same SQL asked again inside gets another one.
    var inUse = false
    /// The connection's counter at the last use; the lowest leaves a full cache.
    var lastUse: UInt64 = 0

    init(handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Binds all values in order; answers SQLite's result code.
    func bind(_ values: [SQLiteValue]) -> Int32 {
        precondition(
            Int(sqlite3_bind_parameter_count(handle)) == values.count,
            "the statement takes another number of values")
        for (offset, value) in values.enumerated() {
            let code = bind(value, at: Int32(offset + 1))
            if code != SQLITE_OK { return code }
        }
        return SQLITE_OK
    }

    private func bind(_ value: SQLiteValue, at index: Int32) -> Int32 {
        switch value {
        case .null:
            return sqlite3_bind_null(handle, index)
        case .integer(let integer):
            return sqlite3_bind_int64(handle, index, integer)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    guard let start = characters.baseAddress else {
                        return chot_sqlite3_bind_text(handle, index, "", 0)
                    }
                    let count = UInt64(characters.count)
                    return chot_sqlite3_bind_text(handle, index, start, count)
                }
            }
        case .blob(let blob):
            // A null pointer would bind NULL instead of a blob without bytes.
            if blob.isEmpty { return sqlite3_bind_zeroblob(handle, index, 0) }
            return blob.withUnsafeBytes { bytes in
                chot_sqlite3_bind_blob(handle, index, bytes.baseAddress, UInt64(bytes.count))
            }
        }
    }

    /// Ends the current use and forgets the values, which may be large or private.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        inUse = false
    }
}
