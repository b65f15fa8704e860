import Domain
import Platform
import Synchronization
import Testing
import Wire
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStore
@testable import CollectorUsage
@testable import CollectorValues

@Suite("Long bodies are read beside the others") struct LongReadsTests {
    private struct Named: LongRead {
        var reading: PushReading
        let isRead: @Sendable (Int) -> Void

        mutating func step() -> Bool {
            if reading.read(bytes: LongReads.stepBytes) { return true }
            isRead(reading.items.count)
            return false
        }
    }

    private func body(_ lines: Int) -> [UInt8] {
        [UInt8](
            Array(repeating: String(repeating: "x", count: 999), count: lines)
                .joined(separator: "\n").utf8)
    }

    @Test("in turn and in steps: a shorter one does not wait for the whole of a longer one")
    func inTurn() throws {
        try SenderRig.run { rig in
            let record = try rig.record(rig.rogue)
            let done = Mutex<[String]>([])
            let reads = LongReads()
            func add(_ name: String, _ lines: Int) {
                reads.add(
                    Named(reading: PushReading(body(lines), from: record)) { count in
                        done.withLock { $0.append("\(name) \(count)") }
                    })
            }
            add("long", 1000)
            add("shorter", 150)
            var steps = 0
            while reads.step() {
                steps += 1
                if steps == 6 { #expect(done.withLock { $0 } == ["shorter 150"]) }
            }
            #expect(done.withLock { $0 } == ["shorter 150", "long 1000"])
            #expect(steps == 16 + 3)
        }
    }

    @Test("what is read in steps is what is read at once") func same() throws {
        try SenderRig.run { rig in
            let lines = try rig.chain(rig.rogue, (0..<40).map { _ in [rig.row()] })
            let text = [UInt8]((lines + ["no line", ""]).joined(separator: "\n").utf8)
            let record = try rig.record(rig.rogue)
            var reading = PushReading(text, from: record, now: rig.now)
            var steps = 1
            while reading.read(bytes: 1500) { steps += 1 }
            #expect(steps > 10)
            func told(_ items: [Intake.Item]) -> [String] {
                items.map { item in
                    switch item {
                    case .summary(let summary, _, let hash, _): "\(summary.seq) \(hash)"
                    case .refused(let seq, let problem): "\(seq) \(problem)"
                    }
                }
            }
            let whole = told(Intake.read(text, from: record, now: rig.now))
            #expect(whole.count == 41 && whole.last == "0 malformed")
            #expect(told(reading.items) == whole)
        }
    }
}
