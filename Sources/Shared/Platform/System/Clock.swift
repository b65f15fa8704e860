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

/// What slow work is paced by; a simulation brings its own.
public struct Pace: Sendable {
    /// Milliseconds, as `MonotonicClock` and `BootClock`.
    public let monotonic: @Sendable () -> Int64
    public let boot: @Sendable () -> Int64
    /// Spreads a pause by a fifth, so that not all agents come at once.
    public let jittered: @Sendable (Int64) -> Int64

    public init(
        monotonic: @escaping @Sendable () -> Int64, boot: @escaping @Sendable () -> Int64,
        jittered: @escaping @Sendable (Int64) -> Int64
    ) {
        self.monotonic = monotonic
        self.boot = boot
        self.jittered = jittered
    }

    public static let machine = Pace(
        monotonic: { MonotonicClock.milliseconds() }, boot: { BootClock.milliseconds() },
        jittered: { $0 * Int64.random(in: 80...120) / 100 })
}
