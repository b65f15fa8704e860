import Domain
import Foundation
import Testing
import Wire
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

@Suite("A transaction of the intake is bounded by its rows") struct IntakeWorkTests {
    private func item(_ seq: Int64, rows: Int) -> Intake.Item {
        let system = SystemCode(unchecked: "H10.mot")
        let hour = Timestamp(CalendarDate("2026-11-24")!, hour: 9)
        let all = (0..<rows).map {
            SummaryRow(
                login: Login(unchecked: "a\($0)"), service: ServiceName(unchecked: "Tra"),
                hour: hour, window: .office, denied: ["R8.account": 1])
        }
        let summary = Summary(
            agent: AgentID(system: system, number: 1), system: system, epoch: 1, seq: seq,
            part: .init(n: 1, of: 1), prev: "", from: hour, to: hour, everyMilliseconds: 60_000,
            clockOffsetMilliseconds: nil, held: .init(), downtime: nil, dropped: [:],
            refusedSets: [:], breaches: [], rows: all)
        return .summary(summary, jws: "", hash: "", content: [])
    }

    private func agent(_ number: Int) -> AgentID {
        AgentID(system: SystemCode(unchecked: "H10.mot"), number: number)
    }

    @Test("a long push is counted in parts, and others go in between") func parts() {
        let queue = IntakeQueue()
        let long = Intake.Push(
            agent: agent(1), items: (1...10).map { item($0, rows: 500) }, answer: { _ in })
        let short = Intake.Push(agent: agent(2), items: [item(1, rows: 5)], answer: { _ in })
        #expect(queue.add(long))
        #expect(queue.add(short))
        let first = queue.take().pushes
        #expect(first.count == 1)
        #expect(first[0].items.count == 2)
        #expect(first[0].rest.count == 8)
        queue.goOn([(first[0], [])])
        let second = queue.take().pushes
        // The short one came first in line.
        #expect(second.first?.agent == agent(2))
        #expect(second.count == 2)
        #expect(!queue.add(long))
        var seen = second.map(\.items.count).reduce(first[0].items.count, +)
        var open = second.filter { !$0.rest.isEmpty }
        while let push = open.first {
            queue.goOn([(push, [])])
            let next = queue.take().pushes
            seen += next.map(\.items.count).reduce(0, +)
            open = next.filter { !$0.rest.isEmpty }
        }
        #expect(seen == 11)
    }

    @Test("of one agent one body of a kind is under way, from its head to its answer") func places()
    {
        let queue = IntakeQueue()
        let (one, other) = (agent(1), agent(2))
        let place = queue.places.take(one, "/v1/summaries")
        #expect(place != nil)
        #expect(queue.places.take(one, "/v1/summaries") == nil)
        #expect(queue.places.take(one, "/v1/held") != nil)
        #expect(queue.places.take(other, "/v1/summaries") != nil)
        let push = Intake.Push(
            agent: one, items: [item(1, rows: 1)], place: place, answer: { _ in })
        #expect(queue.add(push))
        let counted = queue.take().pushes
        #expect(queue.places.take(one, "/v1/summaries") == nil)
        queue.done(counted)
        var next = queue.places.take(one, "/v1/summaries")
        #expect(next != nil)
        // One that was left is not left a second time, for somebody else.
        place?.leave()
        #expect(queue.places.take(one, "/v1/summaries") == nil)
        // A connection that ends releases what its request held.
        next = nil
        #expect(queue.places.take(one, "/v1/summaries") != nil)
    }

    @Test("one summary larger than a transaction's work is taken alone") func huge() {
        let queue = IntakeQueue()
        #expect(
            queue.add(
                Intake.Push(agent: agent(1), items: [item(1, rows: 3000)], answer: { _ in })))
        #expect(queue.take().pushes.first?.rest.isEmpty == true)
    }
}
