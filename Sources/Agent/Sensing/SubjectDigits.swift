/// What a subject number must look like: 12 digits (số định danh), 9 of the old identity card.
enum SubjectDigits {
    /// Also true of an empty one, which is none.
    static func areWhole(_ text: String, of count: Int) -> Bool {
        text.isEmpty || text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) }
    }
}
