import CZip

/// ZIP archives in memory, by libzip. Any thread may call; nothing is kept between calls.
public enum ZipArchive {
    /// Makes one archive of these entries in their order. The same entries give the same bytes, since every entry is
    /// dated 1980-01-01. There must be at least one entry, and names must differ.
    public static func pack(_ entries: [ZipEntry], _ packing: ZipEntry.Packing = .deflate)
        throws(ZipError) -> [UInt8]
    {
        guard !entries.isEmpty else { throw ZipError("an archive needs an entry") }
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let source = zip_source_buffer_create(nil, 0, 0, &error) else {
            throw failure("cannot make an archive", &error)
        }
        // The source must outlive the close, which writes the archive into it.
        zip_source_keep(source)
        defer { zip_source_free(source) }
        guard let archive = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error) else {
            zip_source_free(source)
            throw failure("cannot make an archive", &error)
        }
        // libzip reads the entries when the archive is closed.
        let copies = entries.map { entry in
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(entry.bytes.count, 1), alignment: 1)
            copy.copyBytes(from: entry.bytes)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        for (entry, copy) in zip(entries, copies) {
            do throws(ZipError) {
                try add(entry, copy, packing, to: archive)
            } catch {
                zip_discard(archive)
                throw error
            }
        }
        guard zip_close(archive) == 0 else {
            let problem = ZipError(
                "cannot pack \(entries.count) entries", String(cString: zip_strerror(archive)))
            zip_discard(archive)
            throw problem
        }
        return try content(of: source)
    }

    /// Reads all entries of an archive and checks their CRC. Throws when the archive exceeds the limits or is
    /// encrypted, or when it has a name twice or a name that leads out of its folder.
    public static func unpack(_ bytes: [UInt8], _ limits: ZipLimits = ZipLimits()) throws(ZipError)
        -> [ZipEntry]
    {
        guard bytes.count <= limits.archiveBytesMax else {
            throw ZipError(
                "archive too large", "\(bytes.count) bytes, at most \(limits.archiveBytesMax)",
                vi: "tệp nén quá lớn: \(bytes.count) byte, tối đa \(limits.archiveBytesMax)")
        }
        // libzip takes empty input for an archive without entries.
        guard !bytes.isEmpty else { throw ZipError("no sound ZIP archive", "it is empty") }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        defer { copy.deallocate() }
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard
            let source = zip_source_buffer_create(
                copy.baseAddress, zip_uint64_t(bytes.count), 0, &error)
        else { throw failure("cannot read the archive", &error) }
        guard let archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) else {
            zip_source_free(source)
            throw failure("no sound ZIP archive", &error)
        }
        defer { zip_discard(archive) }
        let count = Int(zip_get_num_entries(archive, 0))
        guard count <= limits.entriesMax else {
            throw ZipError(
                "too many entries", "\(count), at most \(limits.entriesMax)",
                vi: "quá nhiều mục: \(count), tối đa \(limits.entriesMax)")
        }
        var entries: [ZipEntry] = []
        var names: Set<String> = []
        var total = 0
        for index in 0..<count {
            let entry = try read(
                zip_uint64_t(index), of: archive, limits, room: limits.totalBytesMax - total)
            guard names.insert(entry.name).inserted else {
                throw ZipError(
                    "entry \(entry.name) stands twice in the archive",
                    vi: "tệp nén có hai mục cùng tên \(entry.name)")
            }
            total += entry.bytes.count
            entries.append(entry)
        }
        return entries
    }

    private static func add(
        _ entry: ZipEntry, _ copy: UnsafeMutableRawBufferPointer, _ packing: ZipEntry.Packing,
        to archive: OpaquePointer
    ) throws(ZipError) {
        guard isSafe(entry.name) else {
            throw ZipError("\"\(entry.name)\" cannot name an entry", "use a relative path")
        }
        func refused() -> ZipError {
            ZipError("cannot add \(entry.name)", String(cString: zip_strerror(archive)))
        }
        guard
            let source = zip_source_buffer(
                archive, copy.baseAddress, zip_uint64_t(entry.bytes.count), 0)
        else { throw refused() }
        let index = zip_file_add(archive, entry.name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
            zip_source_free(source)
            throw refused()
        }
        let (method, level): (Int32, UInt32) =
            switch packing {
            case .stored: (Int32(ZIP_CM_STORE), 0)
            case .deflate: (Int32(ZIP_CM_DEFLATE), 6)
            case .bzip2: (Int32(ZIP_CM_BZIP2), 9)
            }
        guard zip_set_file_compression(archive, zip_uint64_t(index), method, level) == 0,
            zip_file_set_dostime(archive, zip_uint64_t(index), 0, 0x21, 0) == 0
        else { throw refused() }
    }

    private static func read(
        _ index: zip_uint64_t, of archive: OpaquePointer, _ limits: ZipLimits, room: Int
    ) throws(ZipError) -> ZipEntry {
        var stat = zip_stat_t()
        zip_stat_init(&stat)
        guard zip_stat_index(archive, index, 0, &stat) == 0, let rawName = stat.name else {
            throw ZipError("cannot read entry \(index)", String(cString: zip_strerror(archive)))
        }
        let name = String(cString: rawName)
        guard isSafe(name) else {
            throw ZipError(
                "\"\(name)\" leads out of its folder", vi: "mục \"\(name)\" trỏ ra ngoài thư mục")
        }
        let bytesMax = max(0, min(limits.ofEntries[name] ?? limits.entryBytesMax, room))
        guard stat.valid & zip_uint64_t(ZIP_STAT_SIZE) != 0, stat.size <= zip_uint64_t(bytesMax)
        else {
            throw ZipError(
                "entry \(name) is too large", "\(stat.size) bytes, at most \(bytesMax)",
                vi: "mục \(name) quá lớn: \(stat.size) byte, tối đa \(bytesMax)")
        }
        guard stat.encryption_method == zip_uint16_t(ZIP_EM_NONE) else {
            throw ZipError("entry \(name) is encrypted", vi: "mục \(name) bị mã hóa")
        }
        guard let file = zip_fopen_index(archive, index, 0) else {
            throw ZipError("cannot open entry \(name)", String(cString: zip_strerror(archive)))
        }
        defer { zip_fclose(file) }
        let size = Int(stat.size)
        var got = 0
        var problem: String?
        // The buffer has one more byte than the entry says: reading to the end is what checks the CRC.
        let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            while got <= size {
                let read = zip_fread(
                    file, buffer.baseAddress?.advanced(by: got), zip_uint64_t(size + 1 - got))
                if read < 0 { problem = String(cString: zip_file_strerror(file)) }
                if read <= 0 { break }
                got += Int(read)
            }
            count = got
        }
        if let problem {
            throw ZipError("entry \(name) is damaged", problem, vi: "mục \(name) bị hỏng")
        }
        guard got == size else {
            throw ZipError(
                "entry \(name) is damaged", "it is not of the size that it says",
                vi: "mục \(name) bị hỏng: độ dài không như đã ghi")
        }
        return ZipEntry(name: name, bytes: bytes)
    }

    private static func content(of source: OpaquePointer) throws(ZipError) -> [UInt8] {
        var stat = zip_stat_t()
        zip_stat_init(&stat)
        guard zip_source_open(source) == 0 else {
            throw ZipError("cannot read the archive made")
        }
        defer { zip_source_close(source) }
        guard zip_source_stat(source, &stat) == 0 else {
            throw ZipError("cannot read the archive made")
        }
        let size = Int(stat.size)
        var got: Int64 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
            got = zip_source_read(source, buffer.baseAddress, zip_uint64_t(size))
            count = max(0, Int(got))
        }
        guard got == Int64(size) else { throw ZipError("cannot read the archive made") }
        return bytes
    }

    /// Whether a name is a relative path that stays below its folder, without control characters.
    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 512 && !name.hasPrefix("/")
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x5C && $0 != 0x7F }
            && !name.split(separator: "/", omittingEmptySubsequences: false).contains {
                $0 == ".." || $0 == "." || $0.isEmpty
            }
    }

    private static func failure(_ what: String, _ error: inout zip_error_t) -> ZipError {
        ZipError(what, String(cString: zip_error_strerror(&error)))
    }
}
