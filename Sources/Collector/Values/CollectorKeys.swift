import Platform
import Wire

/// The key that the collector signs with (`sign.key`) and the key list by which others know it (`keys.jws`), both in
/// the state folder.
package struct CollectorKeys: Sendable {
    package let signing: Ed25519PrivateKey
    /// The signed key list, exactly as it is handed out.
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
