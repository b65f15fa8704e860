/// The form of a subject number: 12 digits (số định danh), or 9 for the old identity card.
enum SubjectDigits {
    /// Also true for an empty text, which means no number.
    static func areWhole(_ text: String, of count: Int) -> Bool {
        text.isEmpty || text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) }
    }
}
