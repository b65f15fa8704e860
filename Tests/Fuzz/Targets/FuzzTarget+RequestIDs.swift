import Platform

@testable import Agent

extension FuzzTarget {
    /// The file of request ids as a crash may leave it: its header and the first ids are the input.
    static let requestIDs = FuzzTarget("requestids", words: ["CHOTIDS1"], bytesMax: 512) { bytes in
        // So many that one more is refused: none ever are.
        guard bytes.count < 16 || bytes[15] != 0x3F else { return }
        let path = try Fuzz.folder("ids") + "/request-ids"
        let full = 64 + RequestIDs.countMax * 24
        try Files.writeAtomically(
            path,
            Array(bytes.prefix(full)) + [UInt8](repeating: 0, count: max(0, full - bytes.count)))
        guard let id = RequestID(String(repeating: "0f", count: 16)) else { return }
        let ids = try RequestIDs.open(path)
        ids.settleLast { _, place in place % 2 == 0 ? UInt64(bitPattern: Int64(place)) : nil }
        _ = ids.fate(of: id)
        ids.note(id, allowed: true, ledger: 1, place: 4096, before: 5)
        try promise(ids.fate(of: id) == .allowed, "a noted id is not found")
        // Counted, as its record says.
        let again = try RequestIDs.open(path)
        again.settleLast { _, _ in 6 }
        try promise(again.fate(of: id) == .allowed, "a counted id is forgotten")
        // Not counted: the crash came between.
        let third = try RequestIDs.open(path)
        third.settleLast { _, _ in 5 }
        third.note(id, allowed: false, ledger: 1, place: 4096, before: 5)
        try promise(third.fate(of: id) == .refused, "an id noted twice keeps its first fate")
    }
}
