import CCrypto
import Glibc

/// The collector's own X.509 authority, for the certificate of its TLS front (EC P-256, SHA-256).
public struct CertificateAuthority: Sendable {
    public let certificatePEM: String
    public let privateKeyPEM: String

    public init(certificatePEM: String, privateKeyPEM: String) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// Makes a new authority, valid for ten years.
    public static func make(commonName: String) throws -> CertificateAuthority {
        let key = try PrivateKey()
        let certificate = try Certificate(commonName: commonName, days: 3650, key: key)
        try certificate.sign(
            issuer: certificate, key: key,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        return CertificateAuthority(
            certificatePEM: try certificate.pem(), privateKeyPEM: try key.pem())
    }

    /// Issues a server certificate for host names and addresses, at least one. A name that is neither is refused:
    /// OpenSSL would read a comma or a colon in it as its own syntax.
    public func issueServerCertificate(commonName: String, hosts: [String], days: Int) throws
        -> (certificatePEM: String, privateKeyPEM: String)
    {
        guard !hosts.isEmpty else {
            throw CryptoError("a server certificate needs a host name or an address")
        }
        for host in hosts where !isIPAddress(host) && !isHostName(host) {
            throw CryptoError(
                "\"\(host)\" is neither a host name nor an address; write them without port")
        }
        let issuer = try Certificate(pem: certificatePEM)
        let issuerKey = try PrivateKey(pem: privateKeyPEM)
        let key = try PrivateKey()
        let certificate = try Certificate(commonName: commonName, days: days, key: key)
        let names = hosts.map { isIPAddress($0) ? "IP:\($0)" : "DNS:\($0)" }
        try certificate.sign(
            issuer: issuer, key: issuerKey,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth"),
                (NID_subject_alt_name, names.joined(separator: ",")),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid"),
            ])
        return (try certificate.pem(), try key.pem())
    }
}

private func isIPAddress(_ text: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
}

private func isHostName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let isNameByte: (UInt8) -> Bool = {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
            || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "*")]
                .contains($0)
    }
    return !bytes.isEmpty && bytes.count <= 253 && bytes.allSatisfy(isNameByte)
}

/// At most 64 bytes of the name, in whole characters; X.509 allows 64 characters.
private func shortened(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for character in name {
        let next = Array(character.utf8)
        guard bytes.count + next.count <= 64 else { break }
        bytes += next
    }
    return bytes
}

private final class PrivateKey {
    let pointer: OpaquePointer

    init() throws {
        guard let pointer = chot_new_p256_key() else {
            throw CryptoError("cannot make a P-256 key")
        }
        self.pointer = pointer
    }

    init(pem: String) throws {
        let bytes = [UInt8](pem.utf8)
        let bio = BIO_new_mem_buf(bytes, Int32(bytes.count))
        defer { BIO_free(bio) }
        guard let pointer = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else {
            throw CryptoError("the CA's private key cannot be read")
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    func pem() throws -> String {
        try writePEM { PEM_write_bio_PrivateKey($0, pointer, nil, nil, 0, nil, nil) }
    }
}

private final class Certificate {
    let pointer: OpaquePointer

    init(pem: String) throws {
        let bytes = [UInt8](pem.utf8)
        let bio = BIO_new_mem_buf(bytes, Int32(bytes.count))
        defer { BIO_free(bio) }
        guard let pointer = PEM_read_bio_X509(bio, nil, nil, nil) else {
            throw CryptoError("the CA's certificate cannot be read")
        }
        self.pointer = pointer
    }

    init(commonName: String, days: Int, key: PrivateKey) throws {
        guard let pointer = X509_new() else { throw CryptoError("no memory for a certificate") }
        self.pointer = pointer
        let serial = BN_bin2bn(try randomBytes(16), 16, nil)
        defer { BN_free(serial) }
        let name = shortened(commonName)
        // The certificate begins three days back, since the clocks of agencies, and of tests, may be behind.
        guard X509_set_version(pointer, 2) == 1,
            BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(pointer)) != nil,
            X509_gmtime_adj(X509_getm_notBefore(pointer), -3 * 86_400) != nil,
            X509_gmtime_adj(X509_getm_notAfter(pointer), days * 86_400) != nil,
            X509_set_pubkey(pointer, key.pointer) == 1,
            X509_NAME_add_entry_by_txt(
                X509_get_subject_name(pointer), "CN", MBSTRING_UTF8, name, Int32(name.count), -1, 0)
                == 1
        else { throw CryptoError("cannot fill in the certificate of \"\(commonName)\"") }
    }

    deinit { X509_free(pointer) }

    func sign(issuer: Certificate, key: PrivateKey, extensions: [(Int32, String)]) throws {
        X509_set_issuer_name(pointer, X509_get_subject_name(issuer.pointer))
        for (kind, value) in extensions {
            guard chot_add_extension(pointer, issuer.pointer, kind, value) == 1 else {
                throw CryptoError("certificate extension \(value)")
            }
        }
        guard X509_sign(pointer, key.pointer, EVP_sha256()) > 0 else {
            throw CryptoError("cannot sign the certificate")
        }
    }

    func pem() throws -> String { try writePEM { PEM_write_bio_X509($0, pointer) } }
}

private func writePEM(_ write: (OpaquePointer?) -> Int32) throws -> String {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    guard write(bio) == 1 else { throw CryptoError("cannot write PEM") }
    var start: UnsafeMutablePointer<CChar>?
    let count = chot_bio_bytes(bio, &start)
    guard let start else { throw CryptoError("cannot write PEM") }
    return String(
        decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
}
