import Domain
import Platform

/// What an import of one file would do. It is worked out beside the writer; nothing is written yet.
package struct RegistryPlan {
    package struct Outcome: Equatable {
        package var rows = 0
        package var added = 0
        package var changed = 0
        package var unchanged = 0
        package var removed = 0

        package init(
            rows: Int = 0, added: Int = 0, changed: Int = 0, unchanged: Int = 0, removed: Int = 0
        ) {
            self.rows = rows
            self.added = added
            self.changed = changed
            self.unchanged = unchanged
            self.removed = removed
        }
    }

    package let kind: RegistryKind
    package let file: String
    /// The SHA-256 of the file as it came, in hexadecimal.
    package let sha256: String
    /// The registration in force when this was worked out.
    package let base: Int64
    package var changes: [RegistryChange] = []
    package var outcome = Outcome()
    /// What is done only if staff confirm that they mean it.
    package var questions: [RegistryQuestion] = []
    /// What is done without a question, and mentioned.
    package var notes: [Localized] = []
    /// Lowered volumes are told in a note of their own, so the note about changed volumes need not mention them.
    package var isCutTold = false

    package init(
        kind: RegistryKind, file: String, sha256: String, base: Int64,
        changes: [RegistryChange] = [], outcome: Outcome = Outcome(),
        questions: [RegistryQuestion] = [], notes: [Localized] = [], isCutTold: Bool = false
    ) {
        self.kind = kind
        self.file = file
        self.sha256 = sha256
        self.base = base
        self.changes = changes
        self.outcome = outcome
        self.questions = questions
        self.notes = notes
        self.isCutTold = isCutTold
    }

    /// The units and systems whose policies a plan changes.
    package struct Places {
        package var units: Set<UnitCode> = []
        package var systems: Set<SystemCode> = []
    }

    package var places: Places {
        var places = Places()
        for change in changes {
            let code =
                switch change {
                case .added(let row), .changed(let row, _): row.key[0].asText
                case .removed(let key, _): key[0].asText
                }
            if kind == .units {
                places.units.insert(UnitCode(unchecked: code))
            } else {
                places.systems.insert(SystemCode(unchecked: code))
            }
        }
        return places
    }

    /// The number that `--confirm` must give: how many things are asked about.
    package var asked: Int { questions.reduce(0) { $0 + $1.count } }

    /// All questions, and how to say yes, in the same form for all imports.
    package var question: Localized? {
        guard asked > 0 else { return nil }
        func text(_ language: Language, _ end: String) -> String {
            (questions.map { "\(file): " + $0.text[language] } + [end]).joined(separator: "\n")
        }
        return Localized(
            vi: text(.vi, "chưa nhập gì từ \(file); nếu đúng ý định, thêm --confirm \(asked)"),
            en: text(
                .en, "nothing of \(file) was imported; if it is meant, add --confirm \(asked)"))
    }

    package var note: Localized? {
        guard !notes.isEmpty else { return nil }
        func text(_ language: Language) -> String {
            notes.map { "\(file): " + $0[language] }.joined(separator: "\n")
        }
        return Localized(vi: text(.vi), en: text(.en))
    }
}

/// Something that an import would do and that staff seldom mean.
package struct RegistryQuestion {
    /// How many names or rows it is about.
    package let count: Int
    package let text: Localized

    package init(
        count: Int, text: Localized
    ) {
        self.count = count
        self.text = text
    }
}

extension RegistryQuestion {
    package static let namesShown = 10

    /// Shows the first names, and says if there are more.
    package static func names(_ names: [String]) -> String {
        names.prefix(namesShown).map(shown).joined(separator: ", ")
            + (names.count > namesShown ? ", …" : "")
    }
}
