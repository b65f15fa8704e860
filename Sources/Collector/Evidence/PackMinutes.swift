import CollectorStore
import CollectorValues
import Domain
import Platform

/// The minutes of the extraction ("Biên bản trích xuất dữ liệu điện tử"): one A4 page of HTML in both languages,
/// without scripts or external resources. Whatever comes from outside is escaped.
struct PackMinutes {
    package let lock: PackedLock
    package let context: LockContext?
    let recomputation: Recomputation
    package let agents: [PackedAgent]
    package let audit: [PackedAuditEntry]
    package let coverage: JSONValue
    package let alerts: [Records.AlertRecord]
    package let summaries: Int
    package let digests: [PackFile: String]
    package let madeAt: Timestamp
    let madeBy: String
    package let reason: String
    package let collector: String
    package let root: String
    package let contact: Localized
    package let hasAnnex: Bool

    private static let style = """
        @page { size: A4; margin: 20mm } body { font: 11pt/1.4 serif; max-width: 180mm; margin: auto }
        h1 { font-size: 15pt; text-align: center } h2 { font-size: 12pt; margin: 1em 0 .3em }
        table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #555; padding: 2px 4px;
        text-align: left; vertical-align: top; overflow-wrap: anywhere; font-size: 9.5pt }
        .sign { display: flex; justify-content: space-between; margin-top: 2em; height: 35mm; text-align: center }
        .mono { font-family: monospace; font-size: 8.5pt } section + section { page-break-before: always }
        """

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="vi"><head><meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(Self.escape("Biên bản trích xuất dữ liệu điện tử \(lock.id)"))</title>
        <style>\(Self.style)</style></head><body>
        \(section(.vi))
        \(section(.en))
        </body></html>

        """
    }

    /// Escapes text for an HTML element or a quoted attribute.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // Control characters and signs that change the writing direction would hide what is there.
            case _ where scalar.isHidden: escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private func section(_ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var text = "<section lang=\"\(language.rawValue)\">\n<h1>"
        text += say(
            "BIÊN BẢN TRÍCH XUẤT DỮ LIỆU ĐIỆN TỬ", "MINUTES OF THE EXTRACTION OF ELECTRONIC DATA")
        text += "</h1>\n<p>"
        text += Self.escape(
            say(
                "Lập lúc \(madeAt.rfc3339Seconds) tại \(MessageKey.termCentre.template.vi), từ máy chủ tổng hợp \(collector), bởi \(madeBy). ",
                "Made at \(madeAt.rfc3339Seconds) at the \(MessageKey.termCentre.template.en), from collector \(collector), by \(madeBy). "
            ))
        if !reason.isEmpty { text += Self.escape(say("Mục đích: ", "Purpose: ") + reason + ". ") }
        text += Self.escape(say("Liên hệ: ", "Contact: ") + contact[language]) + "</p>\n"
        text += heading(say("1. Lệnh khóa", "1. The lock")) + table(lockRows(language))
        text += heading(say("2. Căn cứ", "2. Grounds")) + "<p>"
        text += Self.escape(language == .vi ? recomputation.vi : recomputation.en) + "</p>\n"
        for alert in alerts {
            text += "<p>" + Self.escape("\(alert.rule): \(alert.message[language])") + "</p>\n"
        }
        text +=
            table(
                recomputation.shares.map {
                    [
                        "\($0.agent)", say("\($0.summaries) bảng kê", "\($0.summaries) summaries"),
                        "\($0.allowed)",
                    ]
                }) + terms(language)
        text += heading(say("3. Diễn biến", "3. What happened")) + table(story(language))
        text += heading(say("4. Điểm chốt và khóa công khai", "4. Agents and their public keys"))
        text += table(
            agents.map { agent in
                [
                    "\(agent.agent)", agent.kid,
                    say("ghi danh ", "enrolled ") + agent.enrolledAt.rfc3339Seconds,
                    agent.revokedAt.map { say("thu hồi ", "revoked ") + $0.rfc3339Seconds } ?? "",
                ]
            })
        text += heading(say("5. Dữ liệu kèm theo", "5. Data enclosed")) + "<p>"
        text +=
            Self.escape(
                say(
                    "\(summaries) bảng kê đã ký. Giá trị băm SHA-256 của từng tệp:",
                    "\(summaries) signed summaries. SHA-256 of each file:")) + "</p>\n"
        text += table(
            digests.filter(\.key.isListed).sorted { $0.key.rawValue < $1.key.rawValue }.map {
                [$0.key.rawValue, $0.value]
            })
        text += "<p>" + Self.escape(proof(language)) + "</p>\n<p class=\"mono\">"
        text +=
            Self.escape(say("Vân tay khóa gốc: ", "Thumbprint of the root key: ") + root) + "</p>\n"
        text += "<div class=\"sign\"><div>" + say("Người lập biên bản", "Made by") + "</div><div>"
        text += say("Người chứng kiến", "Witness") + "</div><div>"
        text += say("Đại diện đơn vị", "For the unit") + "</div></div>\n</section>"
        return text
    }

    private func heading(_ text: String) -> String { "<h2>\(Self.escape(text))</h2>\n" }

    private func table(_ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        return "<table>"
            + rows.map { row in
                "<tr>" + row.map { "<td>\(Self.escape($0))</td>" }.joined() + "</tr>\n"
            }.joined() + "</table>\n"
    }

    private func lockRows(_ language: Language) -> [[String]] {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        var rows = [
            [say("Số", "Number"), lock.id], [say("Phạm vi", "Scope"), lock.scope.description],
            [say("Quy tắc", "Rule"), lock.reason], [say("Lý do", "Note"), lock.note],
            [say("Căn cứ văn bản", "Basis"), lock.basis],
            [say("Thông báo", "Message"), lock.message[language]],
            [say("Ban hành", "Issued"), "\(lock.issuedAt.rfc3339Seconds) · \(lock.issuedBy)"],
        ]
        if let by = lock.approvedBy, let at = lock.approvedAt {
            rows.append([say("Duyệt", "Approved"), "\(at.rfc3339Seconds) · \(by)"])
        }
        rows.append([
            say("Hiệu lực đến", "In force until"),
            lock.expiresAt?.rfc3339Seconds ?? until(nil)[language],
        ])
        rows.append([
            say("Lượt bị từ chối", "Refused"),
            "\(lock.refused)" + (lock.firstRefusal.map { " · \($0.rfc3339Seconds)" } ?? ""),
        ])
        if let at = lock.endedAt {
            rows.append([
                say("Kết thúc", "Ended"),
                "\(at.rfc3339Seconds) · \(lock.state.rawValue) · \(lock.endedBy ?? "") · \(lock.endNote ?? "") \(lock.outcome.map { "[\($0)]" } ?? "")",
            ])
        }
        return rows
    }

    /// The numbers and settings at the time of the lock.
    private func terms(_ language: Language) -> String {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        guard let context else {
            return "<p>"
                + Self.escape(
                    say(
                        "Không có bản lưu mức đăng ký, chính sách lúc khóa.",
                        "What it was decided by was not kept.")) + "</p>\n"
        }
        var rows: [[String]] = []
        if let volume = context.volume {
            rows.append([
                say("Mức đăng ký (biểu mẫu)", "Registered (form)"), "\(volume.registered)",
            ])
            rows.append([
                say("Mức áp dụng, gồm hạn mức bổ sung", "Applied, with allowances"),
                "\(volume.threshold)",
            ])
            rows.append([
                say("Khung", "Window"),
                "\(volume.from.rfc3339Seconds) – \(volume.until.rfc3339Seconds)",
            ])
        }
        for system in context.systems.prefix(20) {
            let calendar = system.terms.calendar
            rows.append([
                system.system.rawValue,
                say("chính sách ", "policy ")
                    + (system.policy.map {
                        "\($0.version) · \($0.issuedAt.rfc3339Seconds) · \($0.digest)"
                    } ?? "-")
                    + say(", giờ hành chính ", ", office hours ")
                    + "\(calendar.officeFrom)–\(calendar.officeTo)"
                    + say(", hạn mức bổ sung: ", ", allowances: ")
                    + "\(system.terms.allowances.count)"
                    + say(", thông báo tự động: ", ", notices: ")
                    + "\(system.terms.notices.count)",
            ])
            rows += system.agents.map {
                [
                    "\($0.agent)",
                    say("lệch đồng hồ ", "clock off by ")
                        + ($0.skewMilliseconds.map { "\($0) ms" } ?? "?"),
                ]
            }
        }
        if let registry = context.registry {
            rows.append([
                say("Lần nhập danh mục gần nhất", "Last import of the registry"),
                say("nhật ký số ", "audit entry ")
                    + "\(registry.number) · \(registry.at.rfc3339Seconds)",
            ])
        }
        return table(rows)
    }

    private func story(_ language: Language) -> [[String]] {
        func say(_ vi: String, _ en: String) -> String { language == .vi ? vi : en }
        let entries = audit.map {
            ($0.at, ["\($0.at)", $0.action, $0.who, "\($0.subject) \($0.reason)"])
        }
        let deliveries = lock.deliveries.map {
            (
                $0.at,
                [
                    "\($0.at)", say("áp dụng", "enforced"), "\($0.agent)",
                    "+\($0.latencyMilliseconds) ms",
                ]
            )
        }
        return (entries + deliveries).sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func proof(_ language: Language) -> String {
        let annex =
            hasAnnex
            ? Localized(
                vi: " Phụ lục có thông tin cá nhân đã được niêm phong bằng mật khẩu.",
                en: " The annex with personal data is sealed by a passphrase.")
            : Localized(
                vi: " Không kèm họ tên, CCCD, số điện thoại.",
                en: " No names, CCCD or telephone numbers are enclosed.")
        return Localized(
            vi:
                "Chữ ký chứng minh điểm chốt nào đã gửi số liệu và máy chủ nào đã lập bộ hồ sơ, không chứng minh điểm chốt đã đếm đúng. Kiểm tra bằng: chot-collector evidence verify-pack, hoặc docs/evidence-pack.md.",
            en:
                "Signatures prove which agent sent the figures and which collector made the pack, not that the agent counted rightly. To check: chot-collector evidence verify-pack, or docs/evidence-pack.md."
        )[language] + annex[language]
    }
}
