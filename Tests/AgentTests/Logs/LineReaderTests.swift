import Testing

@testable import Agent

/// One line read, with what was found in it.
struct ReadLine: Equatable {
    var account = ""
    var service = ""
    var time: Int64 = 0
    var fault: LineFault?

    init(_ account: String, _ service: String, _ time: Int64 = 0) {
        (self.account, self.service, self.time) = (account, service, time)
    }

    init(
        reading line: [UInt8], format: String, account: String = "$remote_user",
        service: String = "$request_path[2]", needsTime: Bool = false
    ) throws {
        let reader = try LineReader(
            LogFormat(format), account: LogExpression(account), service: LogExpression(service),
            needsTime: needsTime)
        line.withUnsafeBytes { bytes in
            fault = reader.read(bytes)
            guard fault == nil else { return }
            self.account = ByteText.text(reader.account(of: bytes))
            self.service = ByteText.text(reader.service(of: bytes))
            time = reader.time
        }
    }

    init(
        reading line: String, format: String, account: String = "$remote_user",
        service: String = "$request_path[2]", needsTime: Bool = false
    ) throws {
        try self.init(
            reading: [UInt8](line.utf8), format: format, account: account, service: service,
            needsTime: needsTime)
    }
}

@Suite("LineReader") struct LineReaderTests {
    static func combined(_ user: String, _ request: String = "POST /npd/S HTTP/1.1") -> String {
        "10.0.0.1 - \(user) [24/Nov/2026:08:00:00 +0700] \"\(request)\" 200 5 \"-\" \"A/1 (b; c)\""
    }

    @Test(
        "account and service of a combined line",
        arguments: [
            ("canbo1", "POST /npd/TraCuu HTTP/1.1", "canbo1", "TraCuu"),
            ("-", "POST /npd/TraCuu?x=/a/b HTTP/1.1", "-", "TraCuu"),
            ("can bo", "GET //npd//S HTTP/1.0", "can bo", "S"),
            (#"a\x22b\x5Cc\xE1\xBB\x91"#, "GET /npd/S", #"a"b\cố"#, "S"),
            (#"\x41\xfF\x00"#, "GET /a/%54ra%2fCu%C3%A9%zz HTTP/1.1", "A\\xFF\u{0}", "Tra/Cué%zz"),
            ("x", "GET http://npd.example/a/S HTTP/1.1", "x", "S"),
            ("x", "-", "x", "?"), ("x", "", "x", "?"), ("x", "GET / HTTP/1.1", "x", "?"),
            ("x", "GET /a HTTP/1.1", "x", "?"), ("x", "OPTIONS * HTTP/1.1", "x", "?"),
            ("x", "GET /a/- HTTP/1.1", "x", "?"), ("x", #"\x16\x03\x01\x02"#, "x", "?"),
            // What a client calls itself does not move the borders.
            (
                "x [24/Nov/2026:09:00:00 +0700] y", "GET /a/S", "x [24/Nov/2026:09:00:00 +0700] y",
                "S"
            ),
            ("a - b", "GET /a/S", "a - b", "S"), ("[", "GET /a/S", "[", "S"),
            (#"a\x22 200 5"#, "GET /a/S", #"a" 200 5"#, "S"),
            // Apache writes a quote so.
            (#"a\"b"#, #"GET /a/S\"x"#, #"a"b"#, #"S"x"#),
        ])
    func combined(_ user: String, _ request: String, _ account: String, _ service: String) throws {
        let read = try ReadLine(reading: Self.combined(user, request), format: "combined")
        #expect(read == ReadLine(account, service))
    }

    @Test("bytes that are no UTF-8, and NUL, are read as they are")
    func rawBytes() throws {
        let line = Array(Self.combined("@@@").utf8).map {
            $0 == 64 ? UInt8(0xFF) : $0
        }
        #expect(try ReadLine(reading: line, format: "combined").account == #"\xFF\xFF\xFF"#)
        let nul = line.map { $0 == 0xFF ? UInt8(0) : $0 }
        #expect(try ReadLine(reading: nul, format: "combined").account == "\0\0\0")
    }

    @Test("of a line that was cut off nothing is taken")
    func cuts() throws {
        let line = Array(Self.combined("canbo1").utf8)
        for end in line.indices {
            #expect(try ReadLine(reading: Array(line[..<end]), format: "combined").fault != nil)
        }
        let longer = try ReadLine(reading: line + [UInt8(ascii: "x")], format: "combined")
        #expect(longer.fault == .mismatch(8))
    }

    @Test(
        "a line that does not fit says where",
        arguments: [
            ("nothing of it", LineFault.mismatch(0)),
            (
                "10.0.0.1 - x [24/Nov/2026:08:00:00 +0700] \"a\" z \"GET\" 200 5 \"\" \"\"",
                .mismatch(3)
            ), ("10.0.0.1 - x [yesterday] \"GET\" 200 5 \"\" \"\"", .mismatch(1)),
            ("10.0.0.1 - x [24/Nov/2026:08:00:00 +0700] \"GET\" ok 5 \"\" \"\"", .mismatch(3)),
            ("10.0.0.1 - x [24/Nov/2026:08:00:00 +0700] \"GET\" 200 5 \"\" \"", .mismatch(7)),
        ])
    func places(_ line: String, _ fault: LineFault) throws {
        #expect(try ReadLine(reading: line, format: "combined").fault == fault)
    }

    @Test(
        "times are read with their offset",
        arguments: [
            ("$time_local", "24/Nov/2026:08:00:00 +0700", 1_795_482_000_000),
            ("$time_local", "24/Nov/2026:01:00:00 +0000", 1_795_482_000_000),
            ("$time_local", "23/Nov/2026:21:30:00 -0330", 1_795_482_000_000),
            ("$time_iso8601", "2026-11-24T08:00:00+07:00", 1_795_482_000_000),
            ("$msec", "1795482000.123", 1_795_482_000_123),
            ("$msec", "1795482000.1", 1_795_482_000_100),
            ("$msec", "0.000", 0),
        ] as [(String, String, Int64)])
    func times(_ variable: String, _ text: String, _ time: Int64) throws {
        let read = try ReadLine(
            reading: "x \(text) y", format: "$remote_user \(variable) $uri", service: "S",
            needsTime: true)
        #expect(read == ReadLine("x", "S", time))
    }

    @Test(
        "what is no time is a bad line",
        arguments: [
            ("$time_local", "31/Nov/2026:08:00:00 +0700"),
            ("$time_local", "24/Nov/2026:24:00:00 +0700"),
            ("$time_local", "24/Nox/2026:08:00:00 +0700"),
            ("$time_local", "24/Nov/2026:08:00:00 *0700"),
            ("$time_iso8601", "2026-02-29T08:00:00+07:00"), ("$msec", "99999999999999999.000"),
            ("$time_local", "aa/Nov/2026:08:00:00 +0700"),
        ])
    func noTimes(_ variable: String, _ text: String) throws {
        let read = try ReadLine(
            reading: "x \(text) y", format: "$remote_user \(variable) $uri", service: "S",
            needsTime: true)
        #expect(read.fault == .time)
    }

    @Test(
        "formats of one's own",
        arguments: [
            // escape=json: quotes inside a value do not end it
            (
                #"escape=json {"u":"$remote_user","p":"$request_uri","s":$status}"#,
                #"{"u":"a\"b\u1ed1\uD83D\uDE00\n","p":"\/x\/S?q","s":200}"#, "a\"bố😀", "S"
            ),
            // Blanks around a value are not part of it, as in SOAP and headers; a no-break space is here, since nothing can be refused any more.
            ("escape=none $remote_user|$request_uri", " \ta b |/x/%20S%0A", "a b", "S"),
            ("escape=none $remote_user|$request_uri", "  |/x/S", "-", "S"),
            ("escape=none $remote_user|$request_uri", "a\u{A0}|/x/S", "a\u{A0}", "S"),
            ("escape=none $remote_user|$request_uri", #"a\x22|/x/S"#, #"a\x22"#, "S"),
            ("$request_uri $remote_user", "/x/S a b c", "a b c", "S"),
            ("<$remote_user>$status<$uri>", "<a>b>200</x/S>", "a>b", "S"),
            ("$remote_user $remote_user $uri", "a b /x/S", "a", "S"),
        ])
    func formats(_ format: String, _ line: String, _ account: String, _ service: String) throws {
        #expect(try ReadLine(reading: line, format: format) == ReadLine(account, service))
    }

    @Test("looking for a border in a line made for it takes no longer than the line is long")
    func hostileBorders() throws {
        let line = Array(String(repeating: " [1", count: 300_000).utf8)
        #expect(try ReadLine(reading: line, format: "combined").fault != nil)
        let digits = Array(String(repeating: "1", count: 1_000_000).utf8)
        let format = "$remote_user1$status $uri"
        #expect(try ReadLine(reading: digits, format: "${remote_user}1$status $uri").fault != nil)
        #expect(throws: (any Error).self) { try ReadLine(reading: digits, format: format) }
    }

    @Test("a segment may be counted from the end, and a constant stands for every line")
    func segments() throws {
        let line = Self.combined("x", "GET /a/b/c/?d/e HTTP/1.1")
        for (expression, found) in [
            ("$request_path[1]", "a"), ("$request_path[3]", "c"), ("$request_path[4]", "?"),
            ("$request_path[-1]", "c"), ("$request_path[-3]", "a"), ("$request_path[-4]", "?"),
            ("TraCuu", "TraCuu"), ("$http_user_agent", "A/1 (b; c)"),
        ] {
            #expect(
                try ReadLine(reading: line, format: "combined", service: expression).service
                    == found)
        }
    }
}

@Suite("LineReader, JSON lines") struct JSONLineTests {
    @Test(
        "keys are named like variables",
        arguments: [
            (#"{"remote_user":"a","request_uri":"/x/S"}"#, "a", "S"),
            (#" { "request" : "GET /x/S HTTP/1.1" , "remote_user" : "a\"b" } "#, #"a"b"#, "S"),
            (
                #"{"x":{"remote_user":"no","y":[1,{"z":[]}]},"remote_user":"a","uri":"/x/S"}"#, "a",
                "S"
            ),
            (#"{"remote_user":null,"uri":"/x/S","n":-1.5e+3,"t":true,"f":false}"#, "-", "S"),
            (#"{"remote_user":42,"uri":"/x/S"}"#, "42", "S"), ("{}", "-", "?"),
        ])
    func keys(_ line: String, _ account: String, _ service: String) throws {
        #expect(try ReadLine(reading: line, format: "json") == ReadLine(account, service))
    }

    @Test(
        "what is no object, or names an account twice, is a bad line",
        arguments: [
            "", "[]", "{", "{}x", "{}{}", #"{"a":}"#, #"{"a":1,}"#, #"{"a":01}"#, #"{"a":1.}"#,
            #"{"a":"\q"}"#, #"{"a":"\u12g4"}"#, #"{"a":tru}"#, #"{"a":[1,]}"#, #"{"a":[}"#,
            #"{"a":{"b"}}"#, #"{a:1}"#, #"{"remote_user":"a","remote_user":"b"}"#, "{\"a\":\"\n\"}",
            #"{"remote_user":"a""#,
            #"{"a":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}",
        ])
    func bad(_ line: String) throws {
        let read = try ReadLine(reading: line, format: "json")
        #expect(read.fault == (line.isEmpty ? .mismatch(0) : .notJSON))
    }

    @Test("the finest time that a line tells is taken")
    func times() throws {
        let line = #"{"time_local":"24/Nov/2026:08:00:00 +0700","msec":1795482000.123}"#
        #expect(
            try ReadLine(reading: line, format: "json", needsTime: true).time
                == 1_795_482_000_123)
        #expect(try ReadLine(reading: "{}", format: "json", needsTime: true).fault == .time)
    }
}
