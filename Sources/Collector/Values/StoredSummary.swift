import Domain
import Wire

/// A kept summary as it is stored.
package struct StoredSummary {
    package let number: SummaryNumber
    /// Empty if it cannot be read; then `problem` says why.
    package var jws: String
    package let hash: String
    package let state: String
    package let receivedAt: Timestamp
    package let from: Timestamp
    package let to: Timestamp
    /// `Summary.contentDigest`; nil if an earlier program stored the summary.
    package var content: [UInt8]?
    package var problem: String?

    package init(
        number: SummaryNumber, jws: String, hash: String, state: String, receivedAt: Timestamp,
        from: Timestamp, to: Timestamp, content: [UInt8]? = nil, problem: String? = nil
    ) {
        self.number = number
        self.jws = jws
        self.hash = hash
        self.state = state
        self.receivedAt = receivedAt
        self.from = from
        self.to = to
        self.content = content
        self.problem = problem
    }

    package var isCounted: Bool { state == "counted" }
}

extension SummaryNumber {
    package static func < (a: SummaryNumber, b: SummaryNumber) -> Bool {
        (a.epoch, a.seq) < (b.epoch, b.seq)
    }

    package static func <= (a: SummaryNumber, b: SummaryNumber) -> Bool { !(b < a) }
}
