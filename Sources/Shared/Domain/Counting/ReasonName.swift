extension SummaryRow {
    /// The most bytes in the name of a reason or a kind.
    public static let reasonBytesMax = 64
}

/// Whether a text may name a reason or a kind: 1 to 64 of A–Z a–z 0–9 . _ -
public func isReasonName(_ text: String) -> Bool {
    let bytes = text.utf8
    return (1...SummaryRow.reasonBytesMax).contains(bytes.count)
        && bytes.allSatisfy {
            isLowerAlphanumeric($0) || (65...90).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
        }
}
