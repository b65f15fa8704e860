import Glibc

/// The machine's clock of dates. It may step, so it never measures a span.
public enum WallClock {
    /// Milliseconds since 1970 UTC.
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The time since some moment in the past, for spans and deadlines. It only goes forward.
public enum MonotonicClock {
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The time since the machine was started. Nobody can set it, and it continues while programs are restarted.
public enum BootClock {
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// An id that changes with each start of the machine; empty where it cannot be known. A hardened systemd unit
    /// hides the kernel's file and passes `CHOT_BOOT_ID=%b` instead.
    public static func bootID() -> String {
        let text =
            (try? Files.readText("/proc/sys/kernel/random/boot_id", bytesMax: 256))
            ?? getenv("CHOT_BOOT_ID").map { String(cString: $0) } ?? ""
        return String(text.prefix(64).filter(\.isHexDigit)).lowercased()
    }
}

/// Paces slow work; a simulation supplies its own.
public struct Pace: Sendable {
    /// The time in milliseconds, as `MonotonicClock` and `BootClock` give it.
    public let monotonic: @Sendable () -> Int64
    public let boot: @Sendable () -> Int64
    /// Varies a pause by a fifth, so that not all agents come at once.
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
