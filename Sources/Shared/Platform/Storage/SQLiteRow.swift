internal import CSQLite

/// The current row of a query. Lent to the reading closure and valid only inside it.
///
/// Columns are numbered from 0. A column that holds another type is converted as SQLite does it:
/// NULL reads as 0, "" or no bytes; ask `isNull` or the `…OrNil` forms where that matters.
public struct SQLiteRow: ~Copyable {
    private let statement: OpaquePointer

    init(statement: OpaquePointer) {
        self.statement = statement
    }

    public var columnCount: Int32 { sqlite3_column_count(statement) }

    public func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(statement, checked(column)) == SQLITE_NULL
    }

    public func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(statement, checked(column))
    }

    public func integerOrNil(_ column: Int32) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    public func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, checked(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    public func textOrNil(_ column: Int32) -> String? {
        isNull(column) ? nil : text(column)
    }

    public func blob(_ column: Int32) -> [UInt8] {
        withBlob(column) { [UInt8]($0) }
    }

    public func blobOrNil(_ column: Int32) -> [UInt8]? {
        isNull(column) ? nil : blob(column)
    }

    /// Lends the bytes of a column without copying them.
    public func withBlob<R>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows
        -> R
    {
        let bytes = sqlite3_column_blob(statement, checked(column))
        let count = Int(sqlite3_column_bytes(statement, column))
        return try body(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }

    // SQLite answers NULL for a column that is not there, which would hide a slip in our own SQL.
    private func checked(_ column: Int32) -> Int32 {
        precondition(column >= 0 && column < sqlite3_column_count(statement), "no such column")
        return column
    }
}
