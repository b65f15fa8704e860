import Domain
import Platform

extension SoapReader.Problem {
    /// The words of the refusal. Names of elements come from the query and are made safe to show.
    var words: Localized {
        switch self {
        case .xml(let problem): problem.words
        case .notAnEnvelope:
            Localized(
                vi: "không phải phong bì SOAP 1.1 có đúng một Body",
                en: "not a SOAP 1.1 envelope with one Body")
        case .soap12:
            Localized(
                vi:
                    "đây là SOAP 1.2; CSDLQG về dân cư dùng SOAP 1.1, đề nghị đổi phiên bản trong phần mềm",
                en:
                    "this is SOAP 1.2; the population database speaks SOAP 1.1, set that version in the software"
            )
        case .operations(let count):
            Localized(
                vi: "Body có \(count) phần tử; chỉ đọc đúng một",
                en: "\(count) elements in the Body; exactly one is read")
        case .misplaced(let name):
            Localized(
                vi: "\(shown(name)) không đứng đúng chỗ hoặc viết sai tên",
                en: "\(shown(name)) is not in its place or not spelt as it must be")
        case .repeated(let name):
            Localized(vi: "\(shown(name)) có hai lần", en: "\(shown(name)) is given twice")
        case .badName(let name):
            Localized(
                vi: "\(shown(name)) quá dài, có ký tự điều khiển hoặc không đọc được",
                en: "\(shown(name)) is too long, holds control characters or cannot be read")
        case .comment(let name):
            Localized(
                vi: "\(shown(name)) có chú thích XML ở trong, mỗi phần mềm có thể đọc một khác",
                en: "\(shown(name)) holds an XML comment; two programs may read it differently")
        case .pieces(let name):
            Localized(
                vi:
                    "\(shown(name)) có CDATA nằm cạnh phần chữ khác; phải là một đoạn chữ hoặc một CDATA",
                en: "\(shown(name)) holds CDATA beside other text; it must be one text or one CDATA"
            )
        case .child(let name):
            Localized(
                vi: "\(shown(name)) có phần tử khác ở trong; phải chỉ là chữ",
                en: "\(shown(name)) holds another element; it must be text alone")
        case .reference(let name):
            Localized(
                vi: "\(shown(name)) có thuộc tính href, ref hoặc id; giá trị phải ghi tại chỗ",
                en: "\(shown(name)) has an href, ref or id; its value must stand in its place")
        case .escaped(let name):
            Localized(
                vi: "\(shown(name)) viết chữ thường bằng mã ký tự (&#…;); phải ghi thẳng",
                en:
                    "\(shown(name)) writes plain characters as references (&#…;); write them as they are"
            )
        case .blank(let name):
            Localized(
                vi:
                    "\(shown(name)) có khoảng trắng hoặc dấu xuống dòng ghi bằng mã ký tự (&#…;) hoặc ở đầu, cuối CDATA; phải bỏ đi",
                en:
                    "\(shown(name)) holds white space as a reference (&#…;) or at an end of CDATA; leave it out"
            )
        case .unseen(let name):
            Localized(
                vi:
                    "\(shown(name)) bắt đầu hoặc kết thúc bằng khoảng trắng đặc biệt hay ký tự không nhìn thấy được; phải bỏ đi",
                en:
                    "\(shown(name)) begins or ends with special white space or what cannot be seen; leave it out"
            )
        case .nilText(let name):
            Localized(
                vi: "\(shown(name)) có xsi:nil mà vẫn có nội dung",
                en: "\(shown(name)) is xsi:nil and yet holds something")
        case .typed(let name):
            Localized(
                vi: "\(shown(name)) có xsi:type không phải chuỗi ký tự",
                en: "\(shown(name)) has an xsi:type that is no string")
        case .action(let service, let place):
            Localized(
                vi: "Body gọi dịch vụ \(shown(service)) nhưng \(place) ghi dịch vụ khác",
                en: "the Body asks for \(shown(service)), but \(place) names another service")
        }
    }
}

extension XMLProblem {
    var words: Localized {
        switch self {
        case .empty: Localized(vi: "không có nội dung", en: "the body is empty")
        case .malformed(let line, let fault):
            Localized(
                vi: "XML sai cú pháp ở dòng \(line)\(fault.wordsVi.map { ": \($0)" } ?? "")",
                en: "line \(line): \(shown(fault.description))")
        case .tooLarge(let bytes, let limit):
            Localized(
                vi: "\(bytes) byte; chỉ đọc tối đa \(limit)",
                en: "\(bytes) bytes; at most \(limit) are read")
        case .doctype:
            Localized(vi: "không được có DOCTYPE", en: "a DOCTYPE is not allowed")
        case .entity:
            Localized(vi: "không được có thực thể (entity)", en: "an entity is not allowed")
        case .processingInstruction:
            Localized(
                vi: "không được có chỉ thị xử lý <?…?>",
                en: "a processing instruction is not allowed")
        case .tooDeep(let limit):
            Localized(vi: "lồng sâu hơn \(limit) cấp", en: "nested deeper than \(limit)")
        case .tooManyAttributes(let limit):
            Localized(vi: "nhiều hơn \(limit) thuộc tính", en: "more than \(limit) attributes")
        case .encoding(let name):
            Localized(
                vi: "bảng mã \(shown(name)); chỉ đọc UTF-8",
                en: "encoding \(shown(name)); only UTF-8 is read")
        case .version(let name):
            Localized(
                vi: "XML \(shown(name)); chỉ đọc XML 1.0",
                en: "XML \(shown(name)); only 1.0 is read"
            )
        }
    }
}

extension XMLFault {
    /// Nil when only libxml2's own words, which are English, describe the problem.
    fileprivate var wordsVi: String? {
        switch self {
        case .cutShort: "tài liệu bị cắt ngang"
        case .noRoot: "không có phần tử gốc trọn vẹn"
        case .endTag: "thẻ đóng không khớp với thẻ mở"
        case .prefix: "tiền tố chưa khai báo không gian tên (xmlns)"
        case .attributeTwice: "một thuộc tính được ghi hai lần"
        case .attribute: "thuộc tính viết không đúng"
        case .character: "có ký tự không được phép hoặc không phải UTF-8"
        case .reference: "mã ký tự hoặc thực thể (&…;) viết không đúng"
        case .extra: "có nội dung nằm ngoài phần tử gốc"
        case .other: nil
        }
    }
}
