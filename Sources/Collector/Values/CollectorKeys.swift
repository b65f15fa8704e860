import Platform
import Wire

/// What the collector signs with, and the list of keys by which others know it. `keys.jws` and `sign.key` of the state folder.
package struct CollectorKeys: Sendable {
    package let signing: Ed25519PrivateKey
    /// The signed key list, as it is handed out.
    package let signedList: String
    package let list: KeyList

    package init(state: String) throws {
        signing = try PrivateJWK.load("\(state)/sign.key")
        signedList = try Files.readText("\(state)/keys.jws")
        list = try decodeJSON(KeyList.self, try JWS.parse(signedList.utf8).payload)
    }

    /// The thumbprint of the root key, by which agents trust the list.
    package var root: String { list.root.thumbprint }
    package var collector: String { list.collector }
}
