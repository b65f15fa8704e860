import Domain

/// A SOAP 1.1 Fault with the refusal in both languages.
enum SoapFault {
    static func text(_ message: Localized, code: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>\
        <soapenv:Fault><faultcode>soapenv:Client.\(escaped(code))</faultcode>\
        <faultstring>\(escaped(message.vi)) / \(escaped(message.en))</faultstring>\
        <detail><chot:refusal xmlns:chot="urn:chot:refusal"><chot:reason>\(escaped(code))</chot:reason>\
        <chot:message xml:lang="vi">\(escaped(message.vi))</chot:message>\
        <chot:message xml:lang="en">\(escaped(message.en))</chot:message></chot:refusal></detail>\
        </soapenv:Fault></soapenv:Body></soapenv:Envelope>
        """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
