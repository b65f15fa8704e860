import CollectorDelivery
import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// The notice to the unit, in both languages: of a lock order, or of a release with what the lock refused.
package struct LockNotice {
    package let lock: LockRecord
    package let book: LockBook
    package let delivery: Delivery

    package init(
        lock: LockRecord, book: LockBook, delivery: Delivery
    ) {
        self.lock = lock
        self.book = book
        self.delivery = delivery
    }

    private var records: Records { book.records }

    /// Returns nil for proposals, and for locks that ended by themselves.
    package func text() throws -> Localized? {
        switch lock.state {
        case .active: try order()
        case .released: try release()
        default: nil
        }
    }

    private func order() throws -> Localized {
        let figures = try decodeJSON(JSONValue.self, [UInt8](lock.figures.utf8))
        var words = try common(at: lock.approvedAt ?? lock.issuedAt)
        words["until"] = until(lock.expiresAt)
        words["basis"] = lock.basis.isEmpty ? .same("6383/CV-TCT") : .same(shown(lock.basis))
        words["reason"] = .same(shown(lock.note))
        words["approver"] = .same(shown(lock.approvedBy ?? lock.issuedBy))
        guard case .object(let all) = figures, case .integer(let count)? = all["count"],
            case .integer(let threshold)? = all["threshold"]
        else { return MessageKey.noticeLockStaff.text(words) }
        words["count"] = .same(count)
        words["threshold"] = .same(threshold)
        return MessageKey.noticeLock.text(words)
    }

    private func release() throws -> Localized {
        guard let end = lock.endedAt else { return .same("") }
        var words = try common(at: end)
        words["duration"] = duration(from: lock.approvedAt ?? lock.issuedAt, to: end)
        words["denied"] = .same(lock.refused)
        words["reason"] = .same(shown(lock.endNote ?? ""))
        words["cause"] = words["reason"]
        words["approver"] = .same(shown(lock.endedBy ?? "?"))
        if lock.outcome == "mistaken" { return MessageKey.noticeReleaseMistake.text(words) }
        let acknowledgement = Acknowledgement(
            records: records, delivery: delivery, book: book)
        let agents = try acknowledgement.agents(lock)
        words["concerned"] = .same(agents.concerned.count)
        words["enforcing"] = .same(
            agents.concerned.count { acknowledgement.isCurrent($0, lock.scope) })
        guard let system = lock.scope.system,
            let allowance = try records.allowances(system, at: end).map(\.allowance).last(where: {
                $0.scope == lock.scope
            })
        else { return MessageKey.noticeReleasePlain.text(words) }
        words["allowance"] = .same(allowance.queries)
        words["allowance_until"] = moment(allowance.until)
        return MessageKey.noticeRelease.text(words)
    }

    private func common(at time: Timestamp) throws -> [String: Localized] {
        [
            "lock_id": .same(lock.id), "scope_name": try scopeName(), "time": .same(time.clock),
            "date": dateText(time.date), "contact": book.config.contact,
        ]
    }

    private func scopeName() throws -> Localized {
        let system = try lock.scope.system.flatMap { try records.system($0) }
        let of = system.map { " · \($0.name) (\($0.unitName))" } ?? ""
        switch lock.scope {
        case .account(let login, _):
            return Localized(
                vi: "tài khoản \(shown(login.rawValue))\(of)",
                en: "account \(shown(login.rawValue))\(of)")
        case .service(let service, _):
            let name = serviceName(service)
            return Localized(vi: "dịch vụ \(name.vi)\(of)", en: "service \(name.en)\(of)")
        case .system(let code):
            return .same(system.map { "\($0.name) (\($0.unitName))" } ?? code.rawValue)
        case .unit(let unit): return .same(try records.unitName(unit) ?? unit.rawValue)
        default: return .same(lock.scope.description)
        }
    }

    private func duration(from: Timestamp, to: Timestamp) -> Localized {
        let minutes = max(0, (to.milliseconds - from.milliseconds) / 60_000)
        let (hours, rest) = (minutes / 60, minutes % 60)
        return hours == 0
            ? Localized(vi: "\(rest) phút", en: "\(rest) minutes")
            : Localized(vi: "\(hours) giờ \(rest) phút", en: "\(hours) h \(rest) min")
    }
}
