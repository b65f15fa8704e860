import Glibc

/// The machine's clock of dates. May step; never used to measure a span.
public enum WallClock {
    /// Milliseconds since 1970 UTC.
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Time since some moment in the past; only forward. For spans and deadlines.
public enum MonotonicClock {
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Time since the machine was started; nobody can set it, and it goes on while programs are restarted.
public enum BootClock {
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Another one after each start of the machine; empty where nobody tells it. A hardened systemd unit
    /// hides the kernel's file and passes `CHOT_BOOT_ID=%b` instead.
    public static func bootID() -> String {
        let text =
            (try? Files.readText("/proc/sys/kernel/random/boot_id", bytesMax: 256))
            ?? getenv("CHOT_BOOT_ID").map { String(cString: $0) } ?? ""
        return String(text.prefix(64).filter(\.isHexDigit)).lowercased()
    }
}
