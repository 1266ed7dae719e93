import Configuration
import Crypto
import Kernel

/// `gatehouse keys new`
enum KeysNewCommand {
    static func run(_ arguments: [String]) throws -> Status {
        let options = try Options(arguments, allowed: ["--prefix", "--config", "--name"])
        let prefix = try options.required("--prefix")
        guard prefix.utf8.count <= 32, prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Options.Misuse(message: "--prefix takes up to 32 visible ASCII characters")
        }
        // Files may be missing: the key that is made here may be what is still missing in them.
        let configuration = try Configuration.load(
            path: try options.required("--config"), checkFiles: false)
        let pepper = try pepper(of: configuration)
        make(prefix, options["--name"] ?? "new key", pepper)
        return .success
    }

    private static func pepper(of configuration: Configuration) throws -> [UInt8] {
        var bytes: [UInt8] = []
        if let path = configuration.keyPepperFile {
            let contents = try FileContents.read(path, limit: 65_536)
            for index in 0..<contents.count { bytes.append(contents.bytes[index]) }
        } else {
            bytes = Array((ProcessEnvironment.value(Configuration.pepperVariable) ?? "").utf8)
        }
        guard bytes.count >= 32 else {
            throw Shortage(description: "the pepper has \(bytes.count) bytes; 32 are needed")
        }
        return bytes
    }

    private struct Shortage: Error, CustomStringConvertible {
        let description: String
    }

    private static func make(_ prefix: String, _ name: String, _ pepper: [UInt8]) {
        let key = prefix + hex(SecureRandom.bytes(32))
        let digest = SHA256Hasher().hash(key.utf8.span, pepper.span)
        var hash = ByteBuffer()
        digest.append(to: &hash)
        var entry = KeyEntry()
        entry.id = "key-" + hex(SecureRandom.bytes(6))
        entry.name = name
        entry.prefix = String(key.prefix(prefix.count + 4))
        for index in 0..<hash.count { entry.hash.append(hash.bytes[index]) }
        StandardStream.output.write(
            """
            # The key. It is shown only now; what is stored is its hash.
            \(key)

            # For the site's `keys`, or its `keysFile` under `keys:`.
            \(entry.yaml(indent: 2))
            """)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        var text = ByteBuffer()
        for byte in bytes { text.append(hex: UInt64(byte), digits: 2) }
        return text.text
    }
}
