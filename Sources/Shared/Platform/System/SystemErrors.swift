import Glibc

/// What the kernel's error number means, in English, as libc tells it.
public func textOfError(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    let isKnown = strerror_r(number, &buffer, buffer.count) == 0
    let text = String(
        decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return isKnown && !text.isEmpty ? text : "error \(number)"
}
