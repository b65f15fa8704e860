import Domain
import Glibc
import Platform

/// The language of `--lang`, else of the environment.
public func chosenLanguage(_ arguments: [String]) -> Language {
    for (index, word) in arguments.enumerated() {
        if word.hasPrefix("--lang=") { return Language(rawValue: String(word.dropFirst(7))) ?? .en }
        if word == "--lang", index + 1 < arguments.count {
            return Language(rawValue: arguments[index + 1]) ?? .en
        }
    }
    for name in ["LC_ALL", "LANG"] {
        if let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty {
            return value.hasPrefix("vi") ? .vi : .en
        }
    }
    return .en
}

/// Says why a program ends, and returns its exit code.
public func report(_ error: any Error, program: String, language: Language) -> Int32 {
    func say(_ text: String) {
        StandardError.write(text + "\n")
    }
    switch error {
    case let failure as CommandFailure:
        if failure.code == .ok {
            print(failure.description)
        } else {
            say("\(program): \(text(of: failure, language))")
        }
        return failure.code.rawValue
    case let problems as ConfigProblems:
        say(problems.description)
        return (problems.isMissing ? ExitCode.noFile : .badConfig).rawValue
    case let file as FileError:
        say("\(program): \(text(of: file, language))")
        return (file.isMissing ? ExitCode.noFile : .failed).rawValue
    default:
        say("\(program): \(text(of: error, language))")
        return ExitCode.failed.rawValue
    }
}

/// Reports on standard error what others may do with files of ours.
public func warn(_ findings: [FileGuard.Finding], _ language: Language) {
    for finding in findings {
        StandardError.write((language == .vi ? finding.vi : finding.en) + "\n")
    }
}

extension Localized {
    /// An error in both languages, as far as it has both.
    public init(of error: any Error) {
        self.init(vi: text(of: error, .vi), en: text(of: error, .en))
    }
}

/// An error as people read it.
public func text(of error: any Error, _ language: Language) -> String {
    if language == .vi, let error = error as? any BilingualError { return error.vietnamese }
    return "\(error)"
}
