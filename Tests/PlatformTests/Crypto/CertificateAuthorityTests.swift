import Platform
import Testing

@Suite("CertificateAuthority")
struct CertificateAuthorityTests {
    @Test("openssl accepts a server certificate for each of its names, and for no other")
    func verified() throws {
        let folder = try TemporaryFolder()
        let authority = try CertificateAuthority.make(commonName: "Chốt CA")
        let server = try authority.issueServerCertificate(
            commonName: "collector", hosts: ["127.0.0.1", "::1", "collector.example"], days: 90)
        let root = try folder.write("ca.pem", authority.certificatePEM)
        let leaf = try folder.write("server.pem", server.certificatePEM)
        let key = try folder.write("server.key", server.privateKeyPEM)
        let ask = { (check: String, name: String) in
            Tool.run(
                "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root,
                check, name, leaf)
        }
        #expect(ask("-verify_ip", "127.0.0.1") == 0)
        #expect(ask("-verify_ip", "::1") == 0)
        #expect(ask("-verify_hostname", "collector.example") == 0)
        #expect(ask("-verify_hostname", "other.example") != 0)
        #expect(ask("-verify_ip", "127.0.0.2") != 0)
        #expect(Tool.run("openssl", "verify", "-x509_strict", "-CAfile", root, root) == 0)
        #expect(Tool.run("openssl", "pkey", "-in", key, "-noout") == 0)
    }

    @Test("a certificate of another authority is refused")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let ours = try folder.write(
            "ca.pem", CertificateAuthority.make(commonName: "A").certificatePEM)
        let theirs = try CertificateAuthority.make(commonName: "A")
            .issueServerCertificate(commonName: "b", hosts: ["127.0.0.1"], days: 1)
        let leaf = try folder.write("leaf.pem", theirs.certificatePEM)
        #expect(Tool.run("openssl", "verify", "-CAfile", ours, leaf) != 0)
    }

    @Test(
        "already good three days ago, not good after its last day",
        arguments: [
            (-2 * 86_400, 0), (89 * 86_400, 0), (-4 * 86_400, 2), (91 * 86_400, 2),
        ] as [(Int64, Int32)])
    func validity(seconds: Int64, expected: Int32) throws {
        let folder = try TemporaryFolder()
        let authority = try CertificateAuthority.make(commonName: "A")
        let server = try authority.issueServerCertificate(commonName: "b", hosts: ["b"], days: 90)
        let root = try folder.write("ca.pem", authority.certificatePEM)
        let leaf = try folder.write("leaf.pem", server.certificatePEM)
        let at = WallClock.milliseconds() / 1000 + seconds
        #expect(
            Tool.run("openssl", "verify", "-attime", String(at), "-CAfile", root, leaf) == expected)
    }

    @Test("an authority read back from its PEM issues as before")
    func readBack() throws {
        let folder = try TemporaryFolder()
        let made = try CertificateAuthority.make(commonName: "A")
        let read = CertificateAuthority(
            certificatePEM: made.certificatePEM, privateKeyPEM: made.privateKeyPEM)
        let server = try read.issueServerCertificate(commonName: "b", hosts: ["10.0.0.1"], days: 1)
        let root = try folder.write("ca.pem", made.certificatePEM)
        let leaf = try folder.write("leaf.pem", server.certificatePEM)
        #expect(Tool.run("openssl", "verify", "-CAfile", root, leaf) == 0)
    }

    @Test(
        "names that OpenSSL would read as its own syntax are refused",
        arguments: [
            "", "a,DNS:evil.example", "collector.example:8470", "a b", "DNS:a", "a\n",
        ])
    func badHost(host: String) throws {
        let authority = try CertificateAuthority.make(commonName: "A")
        #expect(throws: CryptoError.self) {
            try authority.issueServerCertificate(commonName: "b", hosts: [host], days: 1)
        }
    }

    @Test("no host at all, or a broken authority, is an error with a reason")
    func broken() throws {
        let authority = try CertificateAuthority.make(commonName: "A")
        #expect {
            try authority.issueServerCertificate(commonName: "b", hosts: [], days: 1)
        } throws: {
            "\($0)".contains("host name")
        }
        let empty = CertificateAuthority(certificatePEM: "", privateKeyPEM: authority.privateKeyPEM)
        #expect {
            try empty.issueServerCertificate(commonName: "b", hosts: ["b"], days: 1)
        } throws: {
            "\($0)".contains("cannot be read")
        }
    }

    @Test("a long Vietnamese name is cut between characters")
    func longName() throws {
        let name = String(repeating: "Trung tâm dữ liệu quốc gia về dân cư ", count: 5)
        #expect(
            try CertificateAuthority.make(commonName: name).certificatePEM.hasPrefix(
                "-----BEGIN CERT"))
    }
}
