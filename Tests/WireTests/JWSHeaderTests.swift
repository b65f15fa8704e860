import Platform
import Testing

@testable import Wire

@Suite("Headers of a JWS") struct JWSHeaderTests {
    @Test(
        "what two readers may read differently is no header",
        arguments: [
            #"{"alg":"EdDSA","crit":["b64"],"kid":"x","typ":"a+jws"}"#,
            #"{"alg":"EdDSA","b64":false,"kid":"x","typ":"a+jws"}"#,
            #"{"alg":"EdDSA","kid":"x","typ":"a+jws","jku":"https://x"}"#,
            #"{"alg":"EdDSA","alg":"EdDSA","kid":"x","typ":"a+jws"}"#,
            #"{"alg":"EdDSA","kid":"x","kid":"y"}"#,
            #"{"alg":"EdDSA","\u006bid":"x","typ":"a+jws"}"#,
            #"{"alg":"EdDSA","kid":"x"}"#, #"{"alg":1,"kid":"x","typ":"a+jws"}"#,
            #"["EdDSA","x","a","b","c","d"]"#,
            "\u{feff}" + #"{"alg":"EdDSA","kid":"x","typ":"a+jws"}"#,
        ])
    func refused(_ header: String) {
        let compact = Base64URL.encode([UInt8](header.utf8)) + ".e30.e30"
        #expect(throws: JWS.Problem.malformed) { try JWS.parse(compact.utf8) }
    }

    @Test("nor is one in UTF-16, and no body is")
    func encodings() {
        let text = #"{"alg":"EdDSA","kid":"x","typ":"a+jws"}"#
        let wide =
            [UInt8]([0xff, 0xfe]) + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        for bytes in [wide, Array(wide.dropFirst(2)), [0xef, 0xbb, 0xbf] + [UInt8](text.utf8)] {
            let compact = Base64URL.encode(bytes) + ".e30.e30"
            #expect(throws: JWS.Problem.malformed) { try JWS.parse(compact.utf8) }
            #expect(throws: (any Error).self) { try decodeJSON([String: String].self, bytes) }
        }
    }

    @Test("order and white space are the writer's")
    func taken() throws {
        let header = "{ \"typ\": \"a+jws\",\n\t\"kid\": \"x\", \"alg\": \"EdDSA\" }"
        let parsed = try JWS.parse((Base64URL.encode([UInt8](header.utf8)) + ".e30.e30").utf8)
        #expect(parsed.kid == "x" && parsed.typ == "a+jws")
    }
}
