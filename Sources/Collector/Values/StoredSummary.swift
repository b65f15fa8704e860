import Domain
import Wire

/// A kept summary as it lies in the store.
struct StoredSummary {
    let number: SummaryNumber
    /// Empty where it cannot be read: then `problem` says why.
    var jws: String
    let hash: String
    let state: String
    let receivedAt: Timestamp
    let from: Timestamp
    let to: Timestamp
    /// `Summary.contentDigest`; nil: of before there was one.
    var content: [UInt8]?
    var problem: String?

    var isCounted: Bool { state == "counted" }
}

extension SummaryNumber {
    static func < (a: SummaryNumber, b: SummaryNumber) -> Bool {
        (a.epoch, a.seq) < (b.epoch, b.seq)
    }

    static func <= (a: SummaryNumber, b: SummaryNumber) -> Bool { !(b < a) }
}
