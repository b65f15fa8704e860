import Domain
import Platform
import Testing

@testable import Wire

/// What two readers may read differently is refused, in payloads as in headers.
@Suite("Names that stand twice") struct RepeatedNamesTests {
    private static let many = (0..<100).map { #""n\#($0)":1"# }.joined(separator: ",")

    @Test(
        "refused, at any depth, however it is written",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"a":2}"#, "{\"a\" : 1 , \"a\"\n:2}",
            #"{"a":{},"b":2,"a":[]}"#, #"{"x":{"a":1,"b":{"c":1},"a":2}}"#,
            #"[{"a":1},{"a":1,"a":1}]"#, #"{"x":[[{"a":1,"b":"}","a":1}]]}"#,
            #"{"a":1,"\u0061":2}"#, #"{"\u0061":2}"#, #"{"a\"":1}"#, #"{"":1,"":2}"#,
            #"{"a":"\"","a":1}"#, #"{"a":"\\","a":1}"#, #"{"a":"{","a":1}"#,
            "{\(many),\"n50\":2}", #"{"ệ":1,"ệ":2}"#, #"{"a":"a","b":":","a":"}"}"#,
        ]) func refused(_ text: String)
    {
        #expect(RepeatedNames.stand(in: [UInt8](text.utf8)))
        #expect(throws: JWS.Problem.malformed) {
            try decodeJSON(JSONValue.self, [UInt8](text.utf8))
        }
    }

    @Test(
        "the same name in different objects, and texts that look like names, pass",
        arguments: [
            "{}", "[]", "1", #""a""#, #"{"a":1}"#, #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#,
            #"{"a":"a","b":"a"}"#, #"{"a":"\"a\":1,\"a\":2","b":":"}"#, #"{"a":["a","a"],"b":1}"#,
            #"{"x":{"a":1},"a":{"x":1}}"#, #"{"a":"\u0061\\","b":"{\"b\":1}"}"#, "{\(many)}",
            #"{"a":1,"A":2,"a ":3," a":4,"aa":5}"#,
        ]) func taken(_ text: String) throws
    {
        _ = try decodeJSON(JSONValue.self, [UInt8](text.utf8))
    }

    @Test(
        "what is no JSON is refused as before, and ends nothing",
        arguments: [
            "{", "}", "}}}", "\"", "\"\\", "{\"a\"", "{\"a\":", "{]}", ":", "\\\"", "{\"a\":1}}",
        ]
    ) func broken(_ text: String) {
        #expect(throws: (any Error).self) { try decodeJSON(JSONValue.self, [UInt8](text.utf8)) }
    }

    @Test("every message of ours passes: none has a name twice")
    func ours() throws {
        let values: [any Encodable] = [
            HeldSets(nation: "a", system: "b"), EpochRequest(epoch: 1, lastSeq: 2, lastHash: "x"),
            AuthClaims(sub: "a", aud: "b", iat: 1, exp: 2),
            PushAnswer(
                items: [.init(seq: 1, status: .accepted), .init(seq: 2, status: .retry)], epoch: 1,
                last: .init(epoch: 1, seq: 1), nextSeq: 2, others: [],
                lockset: .init(nation: "x"), serverTime: Timestamp(milliseconds: 0)),
        ]
        for value in values {
            #expect(!RepeatedNames.stand(in: try encodeJSON(value)))
        }
    }
}
