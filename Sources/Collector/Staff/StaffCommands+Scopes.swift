import CollectorLocks
import CollectorStore
import Domain
import Platform
import Wire

/// Checks what staff name as the scope of a lock.
extension StaffCommands {
    /// Reads `--scope`. Addresses get the one spelling by which agents compare them.
    package func scope(_ request: AdminRequest) throws -> Scope {
        let text = try required(request, "scope")
        guard let scope = Scope(text) else {
            if let name = nameOfNoSystem(text) { throw notRegistered(name, "system", "systems") }
            throw CommandFailure(
                .usage, "--scope \(shown(text)): \(Scope.rule)",
                vi:
                    "--scope \(shown(text)): phạm vi là account=TÀI_KHOẢN@HỆ_THỐNG, service=DỊCH_VỤ@HỆ_THỐNG, ip=ĐỊA_CHỈ@HỆ_THỐNG, system=HỆ_THỐNG, unit=ĐƠN_VỊ, ip=ĐỊA_CHỈ@* hoặc person=ID@*"
            )
        }
        switch scope {
        case .ip(let text, let system): return .ip(try address(text), system)
        case .ipEverywhere(let text): return .ipEverywhere(try address(text))
        default: return scope
        }
    }

    private func address(_ text: String) throws -> String {
        guard let canonical = ListenAddress.canonicalAddress(text) else {
            throw CommandFailure(
                .usage, "--scope: \"\(shown(text))\" is no IP address",
                vi: "--scope: \"\(shown(text))\" không phải địa chỉ IP")
        }
        return canonical
    }

    /// Returns `NOSYS` for `account=a@NOSYS`, if the form is right but no system can have that code.
    private func nameOfNoSystem(_ text: String) -> String? {
        guard let split = text.lastIndex(of: "@") ?? text.firstIndex(of: "=") else { return nil }
        let name = text[text.index(after: split)...]
        let isForm = Scope(text[...split] + "H26.motcua") != nil
        return isForm && !name.isEmpty && name != "*" ? String(name) : nil
    }

    private func notRegistered(_ name: String, _ what: String, _ list: String) -> CommandFailure {
        CommandFailure(
            .badInput, "\(shown(name)) is not a registered \(what); see registry list \(list)",
            vi: "\(shown(name)) chưa được đăng ký; xem registry list \(list)")
    }

    /// Throws if a system, unit or person is not registered; a login or a service need not be (`unusual`).
    package func check(_ scope: Scope, _ records: Records) throws {
        if let system = scope.system { _ = try knownSystem(system.rawValue, records) }
        if case .unit(let unit) = scope, try records.unitName(unit) == nil {
            throw notRegistered(unit.rawValue, "unit", "units")
        }
        if case .person(let id) = scope, try records.accounts(ofPerson: id).isEmpty {
            throw CommandFailure(
                .badInput, "no account belongs to person \(id); see registry list accounts",
                vi: "không có tài khoản nào của người \(id); xem registry list accounts")
        }
    }

    /// A wide scope must be repeated with `--confirm`. Without that, throws what the lock would refuse and how to
    /// confirm it.
    func checkConfirmed(
        _ scope: Scope, until end: Timestamp?, _ request: AdminRequest, _ records: Records
    ) throws {
        guard scope.needsConfirmation else { return }
        // The scope may be repeated as it was typed or as it is shown.
        let accepted = [scope.description, request.option("scope") ?? scope.description]
        if let given = request.option("confirm"), accepted.contains(given) { return }
        let preview = try LockPreview(scope, desk.locks.book(records, at: .now)).confirmation(
            until: end)
        throw CommandFailure(
            .usage, "\(preview.en) (--confirm '\(scope)')",
            vi: "\(preview.vi) (--confirm '\(scope)')")
    }

    /// Makes a lock book that refuses to make a set larger than agents take, since they would keep the set before it.
    func staffBook(_ records: Records) -> LockBook {
        var book = desk.locks.book(records, at: .now)
        book.whenFull = .refuse
        return book
    }

    /// Returns what is unusual about a lock that is made nevertheless.
    func unusual(
        _ scope: Scope, _ records: Records, replacing replaced: String? = nil
    ) throws -> [Localized] {
        var warnings: [Localized] = []
        func unregistered(_ name: String, _ list: String) {
            warnings.append(
                Localized(
                    vi: "\(name) chưa được đăng ký (registry list \(list)); lệnh khóa vẫn áp dụng",
                    en:
                        "\(name) is not registered (registry list \(list)); the lock binds all the same"
                ))
        }
        switch scope {
        case .account(let login, let system):
            if try records.account(login, system) == nil {
                unregistered("\(shown(login.rawValue))@\(system)", "accounts")
            }
        case .service(let service, let system):
            if try !records.isRegistered(service, system) {
                unregistered("\(shown(service.rawValue))@\(system)", "services")
            }
        default: break
        }
        for lock in try records.locks(scope: scope)
        where lock.state == .active && lock.id != replaced {
            warnings.append(
                Localized(
                    vi:
                        "\(lock.id) đang khóa cùng phạm vi \(scope); phải mở từng lệnh khóa thì mới hết hiệu lực",
                    en: "\(lock.id) locks \(scope) already; each of them binds until it is released"
                ))
        }
        return warnings
    }
}
