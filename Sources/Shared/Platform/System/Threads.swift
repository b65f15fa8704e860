import CLinux
import Glibc

/// A thread of our own, for work that blocks.
///
/// `@unchecked Sendable`: the thread id is written once, in `init`, and never by the thread itself; whoever stops the
/// thread calls `join` once.
public final class RunningThread: @unchecked Sendable {
    private var thread: pthread_t = 0

    /// `name` has at most 15 bytes; `ps -L` and crash reports show it. With `standsBack` the thread yields to threads
    /// that answer somebody.
    public init(
        name: String, standsBack: Bool = false, _ body: @escaping @Sendable () -> Void
    ) {
        let start = Unmanaged.passRetained(
            ThreadStart(name: name, standsBack: standsBack, body: body))
        let failure = pthread_create(&thread, nil, runThread, start.toOpaque())
        precondition(failure == 0, "cannot start thread \(name): errno \(failure)")
    }

    /// Waits until the thread's body has returned.
    public func join() { pthread_join(thread, nil) }
}

private final class ThreadStart {
    let name: String
    let standsBack: Bool
    let body: @Sendable () -> Void

    init(name: String, standsBack: Bool, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.standsBack = standsBack
        self.body = body
    }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    chot_name_thread(start.name)
    if start.standsBack { chot_thread_stands_back() }
    start.body()
    return nil
}

/// Wakes a sleeping thread. It uses eventfd and poll, which Debian's faketime leaves alone. Signals given while
/// nobody waits are kept as one.
public final class WakeEvent: Sendable {
    private let descriptor: Int32

    public init() {
        descriptor = chot_eventfd()
        precondition(descriptor >= 0, "eventfd: errno \(errno)")
    }

    deinit { close(descriptor) }

    /// Wakes one waiter, or the next one to wait. Any thread may call it.
    public func signal() {
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }

    /// Returns true when signalled, false after `milliseconds`.
    @discardableResult
    public func wait(milliseconds: Int64) -> Bool {
        let deadline = MonotonicClock.milliseconds() + max(0, milliseconds)
        var left = max(0, milliseconds)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(clamping: left))
            if ready > 0 {
                var count: UInt64 = 0
                // Another waiter may have taken the signal; then this one waits on.
                if read(descriptor, &count, 8) == 8 { return true }
            }
            left = deadline - MonotonicClock.milliseconds()
            if left <= 0 { return false }
        }
    }
}

/// Signals that stop a program are blocked in every thread; one thread waits for them and takes them.
public enum Signals {
    /// Call it first in `main`, before any thread is started.
    public static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        var set = stopSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for SIGTERM, SIGINT or SIGHUP and returns it; calls `tick` about every `everyMilliseconds`.
    public static func waitForStop(everyMilliseconds: Int = 1000, tick: () -> Void) -> Int32 {
        var set = stopSet()
        var pause = timespec(
            tv_sec: everyMilliseconds / 1000,
            tv_nsec: everyMilliseconds % 1000 * 1_000_000)
        while true {
            let signal = sigtimedwait(&set, nil, &pause)
            if signal > 0 { return signal }
            tick()
        }
    }

    /// Returns true when a stop signal came before the deadline.
    public static func takeStop(beforeMonotonicMilliseconds deadline: Int64) -> Bool {
        var set = stopSet()
        let left = max(0, deadline - MonotonicClock.milliseconds())
        var pause = timespec(tv_sec: Int(left / 1000), tv_nsec: Int(left % 1000) * 1_000_000)
        return sigtimedwait(&set, nil, &pause) > 0
    }

    /// Takes one signal that has come, if there is any.
    public static var isStopWanted: Bool { takeStop(beforeMonotonicMilliseconds: 0) }

    private static func stopSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        // A closed terminal must lose nothing either. Under nohup SIGHUP should be ignored, but sigtimedwait gets a
        // blocked signal even then.
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        if !isIgnored(hangUp) { sigaddset(&set, SIGHUP) }
        return set
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        // SIG_IGN is the address 1. It is read as bits, since function values may be neither called nor compared.
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
