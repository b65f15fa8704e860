import Domain
import Platform
import Wire

extension FuzzTarget {
    /// Compact JWSs: one text for one meaning, and no use but the signed one.
    static let jws = FuzzTarget(
        "jws",
        words: [
            "eyJhbGciOiJFZERTQSIsImtpZCI6", ".", "..", "=", "-", "_", "eyJhbGciOiJub25lIn0",
            "ImNob3Qta2V5cytqd3Mi",
        ]
    ) { bytes in
        let key = try Fuzz.key.get()
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for part in parts.prefix(4) {
            guard let value = Base64URL.decode(part) else { continue }
            try promise(Base64URL.encode(value).utf8.elementsEqual(part), "two texts for one value")
        }
        _ = try? KeyList.verified(
            String(decoding: bytes, as: UTF8.self), root: JWK(key.publicKey).thumbprint)
        guard let read = try? JWS.parse(bytes) else { return }
        try promise(parts.count == 3 && Base64URL.decode(parts[1]) == read.payload, "the payload")
        let typs = [Summary.typ, LockSet.typ, Policy.typ, KeyList.typ, AuthClaims.typ]
        let good = typs.filter { (try? read.verified(by: key.publicKey, typ: $0)) != nil }
        try promise(good.count <= 1, "good for \(good)")
        // Ed25519 has one signature for one text.
        if good.count == 1 {
            let signed = [UInt8](bytes[..<(parts[0].count + 1 + parts[1].count)])
            try promise(Base64URL.decode(parts[2]) == key.sign(signed), "another signature")
        }
    }
}
