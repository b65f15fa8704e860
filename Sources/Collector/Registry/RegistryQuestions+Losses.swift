import CollectorStore
import CollectorValues
import Domain
import Platform

/// Asks about what lists lose by an import.
extension RegistryQuestions {
    /// Rows that are removed or lose their volume. They are counted over a day: more than a tenth of a list needs a
    /// confirmation, less is only told.
    func lost(_ plan: inout RegistryPlan, _ losses: [RegistryLosses.Loss]) {
        let losing = losses.filter { !$0.lost.isEmpty }
        guard !losing.isEmpty else { return }
        let words = plan.kind.words
        let told = Localized(
            vi: "sẽ bị xóa hoặc hết mức: "
                + list(losing, vi: true) { loss in
                    "\(loss.lost.count) trong \(loss.total) \(words.vi) (\(RegistryQuestion.names(loss.lost)))"
                        + (loss.lostInDay > loss.lost.count
                            ? ", tính cả 24 giờ qua là \(loss.lostInDay)" : "")
                },
            en: "removed or left without a volume: "
                + list(losing, vi: false) { loss in
                    "\(loss.lost.count) of \(loss.total) \(words.en) (\(RegistryQuestion.names(loss.lost)))"
                        + (loss.lostInDay > loss.lost.count
                            ? ", \(loss.lostInDay) within 24 hours" : "")
                })
        if losing.contains(where: \.isMuchLost) {
            let count = losing.reduce(0) { $0 + $1.lostInDay }
            plan.questions.append(.init(count: count, text: told))
        } else {
            plan.notes.append(told)
        }
    }

    /// Volumes that fall below half for many rows of a list. They are only told, because nobody loses a service by
    /// that.
    package func cut(_ plan: inout RegistryPlan, _ losses: [RegistryLosses.Loss]) {
        let losing = losses.filter { !$0.cut.isEmpty && $0.isMuchCut }
        guard !losing.isEmpty else { return }
        let words = plan.kind.words
        func text(_ word: String, _ of: String, vi: Bool) -> String {
            list(losing, vi: vi) { loss in
                "\(loss.cutInDay) \(of) \(loss.total) \(word) (\(RegistryQuestion.names(loss.cut)))"
            }
        }
        let vi = text(words.vi, "trong", vi: true)
        let en = text(words.en, "of", vi: false)
        plan.isCutTold = true
        plan.notes.append(
            Localized(
                vi: "mức giảm còn chưa đến một nửa so với 24 giờ trước: " + vi,
                en: "volumes fall below half of those of 24 hours ago: " + en))
    }

    private func list(
        _ losses: [RegistryLosses.Loss], vi: Bool, _ text: (RegistryLosses.Loss) -> String
    ) -> String {
        let more = losses.count - Self.listsShown
        return losses.prefix(Self.listsShown).map { "\($0.place): \(text($0))" }
            .joined(separator: "; ")
            + (more > 0 ? (vi ? "; … \(more) danh sách khác" : "; … \(more) more lists") : "")
    }

    /// Units and systems that `--replace` removes. Nothing depends on them, else the import would be refused.
    package func removed(_ plan: inout RegistryPlan, _ lists: [RegistryLists.List]) throws {
        guard let list = lists.first(where: { !$0.gone.isEmpty }) else { return }
        let earlier = try records.removed(
            plan.kind,
            since: now.advanced(byMilliseconds: -RegistryLosses.spanMilliseconds))
        let (all, total) = (earlier + list.gone.count, earlier + list.total)
        let names = RegistryQuestion.names(list.gone)
        let words = plan.kind.words
        let told = Localized(
            vi: "sẽ bị xóa: \(list.gone.count) trong \(total) \(words.vi) (\(names))"
                + (earlier > 0 ? ", tính cả 24 giờ qua là \(all)" : ""),
            en: "removed: \(list.gone.count) of \(total) \(words.en) (\(names))"
                + (earlier > 0 ? ", \(all) within 24 hours" : ""))
        if RegistryLosses.isMuch(all, of: total) {
            plan.questions.append(.init(count: all, text: told))
        } else {
            plan.notes.append(told)
        }
    }
}
