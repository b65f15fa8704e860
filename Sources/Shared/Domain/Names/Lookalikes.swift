/// Tells which characters pass for plain ones, as far as a login or a service's name could use them to be taken for
/// another (facts of Unicode). ASCII and the letters of the Vietnamese alphabet in one code point each are plain, and
/// nothing else may stand in such a name; the lists serve to say what was found, and to find twins among stored names.
public enum Lookalikes {
    /// Visible ASCII, the space, and the Vietnamese letters in one code point each.
    static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xC0...0xC3, 0xC8...0xCA, 0xCC...0xCD, 0xD2...0xD5, 0xD9...0xDA, 0xDD,
            0xE0...0xE3, 0xE8...0xEA, 0xEC...0xED, 0xF2...0xF5, 0xF9...0xFA, 0xFD, 0x102...0x103,
            0x110...0x111, 0x128...0x129, 0x168...0x169, 0x1A0...0x1A1, 0x1AF...0x1B0,
            0x1EA0...0x1EF9:
            true
        default: false
        }
    }

    /// Characters that nobody sees: format characters, direction marks, joiners, fillers, tags, line ends, controls.
    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x7E else { return scalar.value < 0x20 }
        guard !isPlain(scalar) else { return false }
        switch scalar.properties.generalCategory {
        case .format, .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Characters that look like a space and are none.
    static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        // Unicode does not count the empty braille pattern as a space.
        scalar.value > 0x7E
            && (scalar.properties.generalCategory == .spaceSeparator || scalar.value == 0x2800)
    }

    /// Other forms of plain characters: full width, mathematical, enclosed, superscript, ligature.
    static func isDisguise(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x7E, !isPlain(scalar) else { return false }
        // These are letterlike signs such as the Kelvin sign.
        if (0x2100...0x214F).contains(scalar.value) { return true }
        // No program of ours, and few others, read digits of other scripts as digits.
        if scalar.properties.generalCategory == .decimalNumber { return true }
        func changes(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.changesWhenNFKCCaseFolded && !scalar.properties.changesWhenCaseFolded
        }
        return changes(scalar)
            || scalar.properties.lowercaseMapping.unicodeScalars.contains {
                $0 != scalar && changes($0)
            }
    }

    /// The alphabet of a letter, to find letters of one among those of another.
    enum Alphabet { case latin, other }

    static func alphabet(_ scalar: Unicode.Scalar) -> Alphabet? {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A: return .latin
        case 0...0xA9: return nil
        default: break
        }
        guard scalar.properties.isAlphabetic else { return nil }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return nil
        default: break
        }
        switch scalar.value {
        case 0xAA...0x24F, 0x250...0x2B8, 0x1D00...0x1D25, 0x1D2C...0x1D5C, 0x1D62...0x1D65,
            0x1D6B...0x1D77, 0x1D79...0x1DBE, 0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA722...0xA787,
            0xA78B...0xA7FF, 0xAB30...0xAB64:
            return .latin
        default: return .other
        }
    }

    /// The plain character that this one looks like; nil when none is known.
    static func plain(_ scalar: Unicode.Scalar) -> Character? {
        let value = scalar.value
        switch value {
        case 0..<0x7F: return nil
        // These are hyphens, dashes and the minus sign.
        case 0x2010...0x2015, 0x2043, 0x2212, 0xFE58, 0xFE63: return "-"
        case 0xFF01...0xFF5E: return character(value - 0xFEE0)
        case 0x1D400...0x1D6A3:
            let letter = (value - 0x1D400) % 52
            return character(letter < 26 ? 0x41 + letter : 0x61 + letter - 26)
        case 0x1D7CE...0x1D7FF: return character(0x30 + (value - 0x1D7CE) % 10)
        case 0x24B6...0x24CF: return character(0x41 + value - 0x24B6)
        case 0x24D0...0x24E9: return character(0x61 + value - 0x24D0)
        default: return table[scalar]
        }
    }

    private static func character(_ value: UInt32) -> Character? {
        Unicode.Scalar(value).map(Character.init)
    }

    /// The table is written as pairs: what is seen, and what it is taken for.
    private static let table: [Unicode.Scalar: Character] = {
        let pairs: [(String, String)] = [
            // Cyrillic, small and capital.
            ("аеорсхуіѕјвкмнтүԛԝӏһԁѵьз", "aeopcxyisjbkmhtyqwlhdvb3"),
            ("АЕОРСХУІЅЈВКМНТҮԚԜӀҺԀѴЬЗ", "AEOPCXYISJBKMHTYQWIHDVb3"),
            // Greek.
            ("αβεηικνορτυχγω", "abenikvoptuxyw"), ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
            // Armenian, Cherokee.
            ("օոսհցզյ", "onuhgqj"), ("ᎪᎠᎡᎢᎥᎫᎬᎳᎷᎻᏀᏃᏚᏙᏞᏟᏢᏦᏴ", "ADRTiJEWMHGZSVLCPKB"),
            // Latin letters that Vietnamese does not have: dotless, small capitals, phonetic.
            ("ıɩɑɡſǀɪᴀʙᴄᴅᴇꜰɢʜᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "iiagslIABCDEFGHJKLMNOPRSTUVWYZ"),
            ("ÐƉðɖ", "ĐĐđđ"), ("ɵɔʋɯƲØøŁłƀƏə", "oouuUOoLlbEe"),
            ("ⅰⅴⅹⅼⅽⅾⅿⅠⅤⅩⅬⅭⅮⅯ", "ivxlcdmIVXLCDM"),
            ("\u{212A}\u{2113}\u{212F}\u{2134}", "Kleo"),
        ]
        var table: [Unicode.Scalar: Character] = [:]
        for (seen, plain) in pairs {
            for (scalar, character) in zip(seen.unicodeScalars, plain) { table[scalar] = character }
        }
        return table
    }()

    /// What two names have in common that people take for one: without case, disguise and invisible characters. Swift's
    /// comparison of text makes a letter and its decomposed spelling one. It is never shown and never stored.
    public static func skeleton(_ name: String) -> String {
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name.lowercased() }
        var result = ""
        for scalar in name.unicodeScalars where !isInvisible(scalar) {
            if isBlank(scalar) {
                result += " "
            } else if scalar.value == 0xDF || scalar.value == 0x1E9E {
                result += "ss"
            } else if scalar.properties.generalCategory == .nonspacingMark,
                !marks.contains(scalar.value)
            {
                // No Vietnamese letter has this mark; it is hardly seen, and some readers ignore it.
                continue
            } else if let plain = plain(scalar) {
                result += plain.lowercased()
            } else {
                result += scalar.properties.lowercaseMapping
            }
        }
        return result
    }

    /// The marks of Vietnamese: grave, acute, circumflex, tilde, breve, hook, horn, dot below.
    private static let marks: Set<UInt32> = [
        0x300, 0x301, 0x302, 0x303, 0x306, 0x309, 0x31B, 0x323,
    ]

    /// A code point as text: `U+0441`.
    public static func codePoint(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Why a name may not be registered: it has invisible characters, some that only look plain, letters of two
    /// alphabets, or any other letter or mark that Vietnamese does not have. The code points are named; nil when the
    /// name is good.
    public static func fault(in name: String) -> Localized? {
        if name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return nil }
        let scalars = Array(name.unicodeScalars)
        if let fault = hidden(scalars.filter { isInvisible($0) || isBlank($0) }) { return fault }
        let disguised = scalars.filter(isDisguise)
        if !disguised.isEmpty {
            return Localized(
                vi:
                    "có ký tự viết kiểu khác của chữ hoặc số thường: \(list(disguised)); hãy gõ lại",
                en:
                    "holds another writing of plain letters or digits: \(list(disguised)); type it anew"
            )
        }
        let foreign = scalars.filter { alphabet($0) == .other }
        if !foreign.isEmpty, scalars.contains(where: { alphabet($0) == .latin }) {
            return Localized(
                vi: "lẫn chữ của bảng chữ cái khác: \(list(foreign)); hãy gõ lại",
                en: "mixes in letters of another alphabet: \(list(foreign)); type it anew")
        }
        let strange = strangers(in: name)
        if !strange.isEmpty {
            return Localized(
                vi:
                    "có ký tự không thuộc bảng chữ cái tiếng Việt: \(list(strange)); chỉ dùng chữ tiếng Việt, chữ số và dấu ASCII",
                en:
                    "holds what is no letter of Vietnamese: \(list(strange)); only Vietnamese letters, digits and ASCII signs are taken"
            )
        }
        return nil
    }

    /// The characters that no name may contain. No list of lookalikes is ever complete (`ɵ`, `ß`, a foreign mark over
    /// a plain letter), so a name may contain only what is listed: visible ASCII and the letters of Vietnamese, in
    /// one code point or decomposed in any way that Unicode holds to be the same.
    private static func strangers(in name: String) -> [Unicode.Scalar] {
        var found: [Unicode.Scalar] = []
        for character in name {
            let scalars = character.unicodeScalars
            if scalars.allSatisfy(isPlain) || vietnamese.contains(character) { continue }
            let strange = scalars.filter { !isPlain($0) }
            found += strange
        }
        return found
    }

    /// Compared as Swift compares text, so a letter and its decomposed spellings are one.
    private static let vietnamese: Set<Character> = Set(
        (0xC0...0x1EF9).compactMap(Unicode.Scalar.init).filter(isPlain).map(Character.init))

    /// Why a text that is no name may not be kept: it has invisible characters. Line ends are allowed where it may
    /// have several lines.
    public static func hidden(in text: String, hasLines: Bool = false) -> Localized? {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return nil }
        let lines: Set<Unicode.Scalar> = hasLines ? ["\n", "\r", "\t"] : []
        return hidden(text.unicodeScalars.filter { isInvisible($0) && !lines.contains($0) })
    }

    private static func hidden(_ scalars: [Unicode.Scalar]) -> Localized? {
        scalars.isEmpty
            ? nil
            : Localized(
                vi: "có ký tự không nhìn thấy được \(list(scalars)); hãy xóa ký tự đó",
                en: "holds what cannot be seen: \(list(scalars)); remove it")
    }

    /// The code points as `U+0441 (c)`, each once, eight at most.
    static func list(_ scalars: [Unicode.Scalar]) -> String {
        var seen: Set<Unicode.Scalar> = []
        let each = scalars.filter { seen.insert($0).inserted }
        let texts = each.prefix(8).map { scalar in
            codePoint(scalar) + (plain(scalar).map { " (\($0))" } ?? "")
        }
        return texts.joined(separator: ", ") + (each.count > 8 ? ", …" : "")
    }

    /// The code points that must stand beside a shown text because they could be taken for others; empty for plain
    /// text. `shown` itself writes invisible ones as `\u{…}`.
    static func beside(_ text: String) -> String {
        var found: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars.prefix(128)
        where scalar.value > 0x7E && !isPlain(scalar) && !found.contains(scalar) {
            // Punctuation of sentences, such as dashes and …, is left out.
            if (0x2010...0x205E).contains(scalar.value), scalar.value != 0x202F { continue }
            guard !isInvisible(scalar) else { continue }
            let isMark =
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber: true
                default: false
                }
            if isMark || scalar.properties.isAlphabetic || isBlank(scalar) || isDisguise(scalar) {
                found.append(scalar)
                if found.count > 8 { break }
            }
        }
        if found.isEmpty { return "" }
        return " (" + found.prefix(8).map(codePoint).joined(separator: " ")
            + (found.count > 8 ? "…" : "") + ")"
    }
}

extension Lookalikes {
    /// A name as somebody might have meant it: without case, Vietnamese diacritics, blanks and punctuation. It serves
    /// to find the nearest name, and is never shown or stored.
    public static func folded(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let lower = scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
            if (0x61...0x7A).contains(lower.value) || (0x30...0x39).contains(lower.value) {
                result.unicodeScalars.append(lower)
            } else if let base = bases[lower] {
                result.unicodeScalars.append(base)
            } else if let plain = plain(scalar)?.lowercased() {
                result += plain
            }
        }
        return result
    }

    private static let bases: [Unicode.Scalar: Unicode.Scalar] = {
        let groups: [(Unicode.Scalar, String)] = [
            ("a", "àáảãạăằắẳẵặâầấẩẫậ"), ("d", "đ"), ("e", "èéẻẽẹêềếểễệ"), ("i", "ìíỉĩị"),
            ("o", "òóỏõọôồốổỗộơờớởỡợ"), ("u", "ùúủũụưừứửữự"), ("y", "ỳýỷỹỵ"),
        ]
        var bases: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (base, letters) in groups {
            for letter in letters.unicodeScalars { bases[letter] = base }
        }
        return bases
    }()
}
