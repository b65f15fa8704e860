/// The text of the README file in every pack.
enum PackReadme {
    package static let text = """
        BỘ HỒ SƠ DỮ LIỆU ĐIỆN TỬ PHỤC VỤ XÁC MINH (Chốt)
        Kiểm tra: chot-collector evidence verify-pack TỆP --root GIÁ_TRỊ
        GIÁ_TRỊ là vân tay khóa gốc của Trung tâm; hỏi qua điện thoại, không lấy từ chính bộ hồ sơ này.
        Không có chot-collector: làm theo docs/evidence-pack.md bằng Python và joserfc.
        bien-ban.html là biên bản để in và ký. Thời gian trong các tệp JSON là mili giây từ 1970 UTC.

        EVIDENCE PACK (Chot)
        To check: chot-collector evidence verify-pack FILE --root THUMBPRINT
        THUMBPRINT is that of the Centre's root key; ask for it by telephone, do not take it from this pack.
        Without chot-collector: follow docs/evidence-pack.md with Python and joserfc.
        bien-ban.html is the minutes, to be printed and signed. Times in JSON files are milliseconds since 1970 UTC.

        manifest.jws        typ chot-pack+jws, signed by the collector: the digest of SHA256SUMS
        SHA256SUMS          digests of all other files (sha256sum -c)
        keys.jws            typ chot-keys+jws, signed by the root: the collector's signing keys
        lock.json           the lock: proposed, approved, delivered, refused, released
        context.json        what it was decided by, kept when it was made; null: none was kept
        recomputation.json  the rule judged again from the summaries
        summaries.jws       typ chot-summary+jws, one a line, signed by agents
        summaries.json      the same lines: number, digest, state, time of receipt
        agents.json         agents and their public keys
        coverage.json       what was complete and what is missing
        policies.json       versions and digests of the policies
        related.json        alerts and other locks of the same scope, rejected ones too
        audit.json          entries of the audit log about this lock, each with the hash before it
        audit-head.jws      typ chot-audit+jws: where the log stood when the pack was made
        annex.json          only on request: personal data, sealed (scrypt, AES-256-GCM)

        """
}
