import Domain
import Platform

/// What an import of one file would do, worked out beside the writer: nothing is written yet.
struct RegistryPlan {
    struct Outcome: Equatable {
        var rows = 0
        var added = 0
        var changed = 0
        var unchanged = 0
        var removed = 0
    }

    let kind: RegistryKind
    let file: String
    /// Of the file as it came, hexadecimal.
    let sha256: String
    /// The registration in force when this was worked out.
    let base: Int64
    var changes: [RegistryChange] = []
    var outcome = Outcome()
    /// What is done only when staff say that they mean it.
    var questions: [RegistryQuestion] = []
    /// What is done, and said.
    var notes: [Localized] = []
    /// Lower volumes stand in a note of their own: the one about volumes that change says nothing more.
    var isCutTold = false

    /// Whose policies a plan changes.
    struct Places {
        var units: Set<UnitCode> = []
        var systems: Set<SystemCode> = []
    }

    var places: Places {
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

    /// What is to stand behind `--confirm`: how many things are asked about.
    var asked: Int { questions.reduce(0) { $0 + $1.count } }

    /// All questions, and how to say yes. One shape for all imports.
    var question: Localized? {
        guard asked > 0 else { return nil }
        func text(_ language: Language, _ end: String) -> String {
            (questions.map { "\(file): " + $0.text[language] } + [end]).joined(separator: "\n")
        }
        return Localized(
            vi: text(.vi, "chưa nhập gì từ \(file); nếu đúng ý định, thêm --confirm \(asked)"),
            en: text(
                .en, "nothing of \(file) was imported; if it is meant, add --confirm \(asked)"))
    }

    var note: Localized? {
        guard !notes.isEmpty else { return nil }
        func text(_ language: Language) -> String {
            notes.map { "\(file): " + $0[language] }.joined(separator: "\n")
        }
        return Localized(vi: text(.vi), en: text(.en))
    }
}

/// Something that an import would do and that is seldom meant.
struct RegistryQuestion {
    /// How many names or rows it is about.
    let count: Int
    let text: Localized
}

extension RegistryQuestion {
    static let namesShown = 10

    /// The first names, as they are shown, and that there are more.
    static func names(_ names: [String]) -> String {
        names.prefix(namesShown).map(shown).joined(separator: ", ")
            + (names.count > namesShown ? ", …" : "")
    }
}
