import Domain
import Foundation
import Platform
import Synchronization
import Testing
@testable import Collector
@testable import CollectorIntake
@testable import CollectorLocks
@testable import CollectorNotifications
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorUsage

@Suite("The one writer goes by priority") struct WritePriorityTests {
    private final class Order: Sendable {
        let all = Mutex<[WritePriority]>([])
        func add(_ priority: WritePriority) { all.withLock { $0.append(priority) } }
    }

    private static func store() throws -> (store: SQLiteStore, folder: String) {
        let folder = NSTemporaryDirectory() + "/chot-writer-\(UUID().uuidString)"
        try Files.makeFolder(folder, mode: 0o700)
        return (try SQLiteStore(path: "\(folder)/collector.db"), folder)
    }

    /// Holds the writer until `count` others wait, each of which notes when its turn came.
    private static func queue(_ waiting: [WritePriority]) throws -> [WritePriority] {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let order = Order()
        let isHeld = WakeEvent()
        let goOn = WakeEvent()
        let holder = RunningThread(name: "holder") {
            try? store.write(as: .pushes) { _ in
                isHeld.signal()
                goOn.wait(milliseconds: 10_000)
            }
        }
        isHeld.wait(milliseconds: 10_000)
        var threads: [RunningThread] = []
        for (number, priority) in waiting.enumerated() {
            threads.append(
                RunningThread(name: "writer") {
                    try? store.write(as: priority) {
                        order.add(priority)
                        try $0.audit("test", "turn", "\(number)", "", at: .now)
                    }
                })
            // Each waits before the next one comes.
            for _ in 0..<5000 where store.waiting < number + 1 { usleep(1000) }
        }
        goOn.signal()
        for thread in threads + [holder] { thread.join() }
        #expect(store.activity[.staff].longestWait < 10_000)
        let rows = WritePriority.allCases.reduce(0) { $0 + store.activity[$1].rows }
        #expect(rows == Int64(waiting.count))
        return order.all.withLock { $0 }
    }

    @Test("a lock overtakes pushes and imports that wait") func staffFirst() throws {
        let order = try Self.queue([.background, .pushes, .pushes, .rules, .pushes, .staff])
        #expect(order == [.staff, .rules, .pushes, .pushes, .pushes, .background])
    }

    @Test("who is passed over again and again is next") func patience() throws {
        let staff = [WritePriority](repeating: .staff, count: WritePriority.patience + 4)
        let order = try Self.queue([.background] + staff)
        #expect(order.count == staff.count + 1)
        #expect(order.firstIndex(of: .background) == WritePriority.patience)
    }

    @Test("a transaction that fails gives the writer back") func failing() throws {
        struct Wanted: Error {}
        let (store, folder) = try Self.store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: Wanted.self) {
            try store.write(as: .background) { _ in throw Wanted() }
        }
        try store.write { try $0.audit("test", "turn", "", "", at: .now) }
        #expect(store.activity[.background].failed == 1)
        #expect(store.activity[.staff].transactions == 1)
        #expect(store.activity.busy() == 0)
    }
}
