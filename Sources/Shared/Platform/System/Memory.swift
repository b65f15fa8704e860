import CLinux
import Glibc

/// How the program handles memory that it no longer needs. An agent is small between two summaries and needs much for
/// a moment when it starts or cuts one.
public enum Memory {
    /// Call it first, before there are threads: each thread's own arena would otherwise keep its largest size forever.
    public static func stayAsSmallAsNeeded() { chot_malloc_stays_small() }

    /// Gives free memory back to the system, even in the middle of the heap. Takes about a millisecond.
    public static func giveBack() { chot_malloc_give_back() }

    /// Releases the pages of programs and libraries: most were touched once, while the loader bound them. They are
    /// the files' own bytes and never written to, so what is needed again is mapped again from the page cache. Takes
    /// a few milliseconds; does nothing where `/proc` cannot be read.
    public static func letGoOfProgramPages() {
        guard let text = try? Files.readText("/proc/self/smaps", bytesMax: 4 << 20) else { return }
        var mapping: (start: UInt, count: Int)?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if let head = fields.first, head.last != ":" {
                mapping = programMapping(fields)
            } else if let found = mapping, fields.first == "Anonymous:", fields.count > 1 {
                if fields[1] == "0" {
                    madvise(
                        UnsafeMutableRawPointer(bitPattern: found.start), found.count, MADV_DONTNEED
                    )
                }
                mapping = nil
            }
        }
    }

    /// Reads `start-end r-xp offset device inode path`; nil unless it maps a file that is never written through it.
    private static func programMapping(_ fields: [Substring]) -> (start: UInt, count: Int)? {
        guard fields.count >= 6, fields[1] == "r-xp" || fields[1] == "r--p", fields[4] != "0"
        else { return nil }
        let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return (ends[0], Int(ends[1] - ends[0]))
    }
}
