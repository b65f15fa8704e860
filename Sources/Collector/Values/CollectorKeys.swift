import Platform
import Wire

/// What the collector signs with, and the list of keys by which others know it. `keys.jws` and `sign.key` of the state folder.
struct CollectorKeys: Sendable {
    let signing: Ed25519PrivateKey
    /// The signed key list, as it is handed out.
    let signedList: String
    let list: KeyList

    init(state: String) throws {
        signing = try PrivateJWK.load("\(state)/sign.key")
        signedList = try Files.readText("\(state)/keys.jws")
        list = try decodeJSON(KeyList.self, try JWS.parse(signedList.utf8).payload)
    }

    /// The thumbprint of the root key, by which agents trust the list.
    var root: String { list.root.thumbprint }
    var collector: String { list.collector }
}
