import CLinux

/// How the allocator treats what is freed. An agent is small between two summaries and needs much for a
/// moment when it cuts one: what was freed goes back to the system at once.
public enum Memory {
    /// Call first, before there are threads: each thread's own arena would keep its largest moment for ever.
    public static func stayAsSmallAsNeeded() { chot_malloc_stays_small() }

    /// Gives free memory back to the system, in the middle of the heap as well; takes about a millisecond.
    public static func giveBack() { chot_malloc_give_back() }
}
