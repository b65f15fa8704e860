import Domain
import Platform
import Testing

@Suite("Addresses and headers in one spelling") struct InternetAddressTests {
    @Test(
        "an address has one spelling",
        arguments: [
            ("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("10.0.0.1:8080", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"), ("::FFFF:10.0.0.1", "10.0.0.1"),
            ("::ffff:a00:1", "10.0.0.1"), ("[::ffff:10.0.0.1]:80", "10.0.0.1"),
            ("0:0:0:0:0:ffff:0a00:0001", "10.0.0.1"), ("2001:DB8::0001", "2001:db8::1"),
            ("2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"), ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"), ("::1", "::1"), ("::", "::"),
        ])
    func spellings(_ text: String, _ spelling: String) {
        #expect(InternetAddress.spelling(text) == spelling)
        #expect(InternetAddress.spelling(spelling) == spelling)
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", " ", "unix:", "10.0.0", "10.0.0.01", "10.0.0.256", "010.0.0.1",
            "10.0.0.1, 10.0.0.2",
            "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:123456", "[::1", "[::1]x", "[::1]:", "::1%", "::g",
            "fe80::1%a b", "10.0.0.1\u{0}", "::1\u{0}", "may-chu", "10.0.0.1 ", "１0.0.0.1",
        ])
    func none(_ text: String) { #expect(InternetAddress.spelling(text) == nil) }

    @Test(
        "blanks of ASCII at the ends are cut, byte by byte",
        arguments: [
            ("a", "a"), (" a\t", "a"), ("\r\na\u{B}\u{C}", "a"), ("  ", ""), ("", ""),
            (" a b ", "a b"), ("a\u{A0}", "a\u{A0}"), ("\u{3000}a", "\u{3000}a"),
            (" \u{301}a", "\u{301}a"), ("\u{0}a", "\u{0}a"),
        ])
    func blanks(_ text: String, _ rest: String) {
        #expect(Array(Blanks.cut(text).utf8) == Array(rest.utf8))
    }
}
