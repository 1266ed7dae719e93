import COpenSSL
import Chance
import Crypto
import Kernel
import Signing
import Testing

private func bytes(_ base64URL: String) -> [UInt8] {
    var buffer = ByteBuffer()
    let isTaken = buffer.append(decodingBase64URL: base64URL.utf8.span)
    precondition(isTaken)
    return buffer.bytes.array
}

private func verifies(
    _ key: VerificationKey, _ message: String, _ signature: [UInt8],
    _ algorithm: SignatureAlgorithm
) -> Bool {
    key.verify(message.utf8.span, signature: signature.span, algorithm)
}

/// The key of RFC 7520 section 3.3.
private let hobbitModulus =
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmS"
    + "CpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-Of"
    + "VfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKw"
    + "uCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"

private let hobbitPayload =
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
    + "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
    + "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"

private func hobbitKey() throws -> VerificationKey {
    let (modulus, exponent) = (bytes(hobbitModulus), bytes("AQAB"))
    return try VerificationKey.rsa(modulus: modulus.span, exponent: exponent.span)
}

@Suite("A verification key")
struct VerificationKeyTests {
    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9l"
        + "eGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
        + "fQ"

    @Test("verifies RFC 7515 appendix A.1 (HS256)")
    func hmac() throws {
        let secret = bytes(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        )
        let key = try VerificationKey(secret: secret.span)
        let signature = bytes("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Self.claims
        #expect(verifies(key, message, signature, .hs256))
        #expect(!verifies(key, message + "A", signature, .hs256))
        #expect(!verifies(key, message, signature.dropLast(), .hs256))
    }

    @Test("verifies RFC 7515 appendix A.3 (ES256)")
    func ellipticCurve() throws {
        let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        let y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        let key = try VerificationKey.point(.p256, x: x.span, y: y.span)
        let signature = bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        )
        let message = "eyJhbGciOiJFUzI1NiJ9." + Self.claims
        #expect(verifies(key, message, signature, .es256))
        #expect(!verifies(key, message, signature, .es384))
    }

    @Test("verifies RFC 8037 appendix A.4 (EdDSA)")
    func ed25519() throws {
        let x = bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        let key = try VerificationKey.ed25519(x.span)
        let signature = bytes(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        #expect(verifies(key, message, signature, .edDSA))
        #expect(!verifies(key, message + "A", signature, .edDSA))
    }

    @Test("verifies RFC 7520 section 4.1 (RS256)")
    func rsa() throws {
        let message =
            "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9."
            + hobbitPayload
        let signature = bytes(
            "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoF"
                + "mKZopdHM1O2U4mwzJdQx996ivp83"
                + "xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuY"
                + "v746iYTh_qHRD68BNt1uSNCr"
                + "UCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_"
                + "de3xyIrDaLGdjluPxUAhb6L2"
                + "aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9"
                + "ipH84ogoree7vjbU5y18kDqu"
                + "Dg")
        let key = try hobbitKey()
        #expect(verifies(key, message, signature, .rs256))
        #expect(!verifies(key, message, signature, .ps256))
        #expect(!verifies(key, message, signature, .rs384))
        #expect(!verifies(key, message, signature, .hs256))
    }

    @Test("verifies RFC 7520 section 4.2 (PS384)")
    func pss() throws {
        let message =
            "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9."
            + hobbitPayload
        let signature = bytes(
            "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk"
                + "2IpN6-tPid6VrklHkqsGqDqHCdP6"
                + "O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28z"
                + "GWVsdiNAUf8ZnyPEgVFn442Z"
                + "dNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2X"
                + "ez2Mlp8cBE5awDzT0qI0n6ui"
                + "P1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJU"
                + "AfmWjwZ6oD4ifKo8DYM-X72E"
                + "aw")
        let key = try hobbitKey()
        #expect(verifies(key, message, signature, .ps384))
        #expect(!verifies(key, message, signature, .rs384))
        #expect(!verifies(key, message, signature, .ps512))
    }

    @Test("refuses ECDSA signatures of another form", arguments: [true, false])
    func ecdsaForms(isWide: Bool) throws {
        let signer = TokenSigner(isWide ? .es384 : .es256)
        let width = isWide ? 48 : 32
        let key = try signer.verificationKey()
        let message = "a message"
        let good = signer.signature(of: message)
        #expect(verifies(key, message, good, signer.algorithm))
        let zeros = [UInt8](repeating: 0, count: width)
        let ones = [UInt8](repeating: 0xff, count: width)
        let (r, s) = (Array(good[..<width]), Array(good[width...]))
        let forms: [[UInt8]] = [
            [], [0], good + [0], [0] + good, Array(good.dropLast()), zeros + s, r + zeros,
            zeros + zeros, ones + s, r + ones, s + r, good + good, [0x30, 0x06, 2, 1, 1, 2, 1, 1],
        ]
        for bad in forms {
            #expect(!verifies(key, message, bad, signer.algorithm))
        }
        #expect(ERR_peek_error() == 0)
    }

    @Test(
        "takes no byte of a signature or a message for another",
        arguments: SignatureAlgorithm.allCases)
    func mutations(algorithm: SignatureAlgorithm) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let signer = TokenSigner(algorithm)
        let key = try signer.verificationKey()
        let message = Array("A message of some length, signed.".utf8)
        let text = String(decoding: message, as: UTF8.self)
        let signature = signer.signature(of: text)
        #expect(verifies(key, text, signature, algorithm))
        for index in signature.indices {
            var bad = signature
            bad[index] ^= UInt8(1 + random.below(255))
            #expect(!verifies(key, text, bad, algorithm), "seed \(seed), byte \(index)")
        }
        for index in message.indices {
            var bad = message
            bad[index] ^= UInt8(1 + random.below(255))
            let isGood = key.verify(bad.span, signature: signature.span, algorithm)
            #expect(!isGood, "seed \(seed), byte \(index)")
        }
        for count in 0..<signature.count {
            #expect(!verifies(key, text, Array(signature[..<count]), algorithm))
        }
        for other in SignatureAlgorithm.allCases where other != algorithm {
            #expect(!verifies(key, text, signature, other))
        }
        #expect(ERR_peek_error() == 0)
    }

    private func fault(_ make: () throws(KeyFault) -> VerificationKey) -> KeyFault? {
        do throws(KeyFault) {
            _ = try make()
            return nil
        } catch {
            return error
        }
    }

    @Test("is not made of weak or broken numbers")
    func weakKeys() {
        let modulus = bytes(hobbitModulus)
        let exponent: [UInt8] = [1, 0, 1]
        func rsa(_ n: [UInt8], _ e: [UInt8]) -> KeyFault? {
            fault { () throws(KeyFault) in
                try VerificationKey.rsa(modulus: n.span, exponent: e.span)
            }
        }
        #expect(rsa(modulus, exponent) == nil)
        #expect(rsa([0, 0] + modulus, [0] + exponent) == nil)
        #expect(rsa(modulus.dropFirst() + [], exponent) == .tooShort)
        #expect(rsa([0x7f] + modulus.dropFirst(), exponent) == .tooShort)
        #expect(rsa([UInt8](repeating: 0xff, count: 1_025), exponent) == .tooLong)
        #expect(rsa(modulus.dropLast() + [0xce], exponent) == .invalid)
        for bad in [[], [0], [1], [2], [4], [1, 0, 0]] as [[UInt8]] {
            #expect(rsa(modulus, bad) == .invalid, "\(bad)")
        }
        #expect(rsa(modulus, [UInt8](repeating: 0xff, count: 9)) == .tooLong)
        #expect(rsa([], exponent) == .invalid)
        #expect(ERR_peek_error() == 0)
    }

    @Test("is not made of a point off its curve or of another length")
    func badPoints() {
        let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        let y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        func point(_ x: [UInt8], _ y: [UInt8]) -> KeyFault? {
            fault { () throws(KeyFault) in
                try VerificationKey.point(.p256, x: x.span, y: y.span)
            }
        }
        #expect(point(x, y) == nil)
        #expect(point(y, x) == .invalid)
        #expect(point(x, y.dropLast() + [y[31] ^ 1]) == .invalid)
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(point(zeros, zeros) == .invalid)
        #expect(point([UInt8](repeating: 0xff, count: 32), y) == .invalid)
        #expect(point([0] + x, y) == .invalid)
        #expect(point(x, Array(y.dropFirst())) == .invalid)
        let ed = fault { () throws(KeyFault) in
            try VerificationKey.ed25519(zeros.span.extracting(0..<31))
        }
        #expect(ed == .invalid)
        #expect(ERR_peek_error() == 0)
    }

    @Test("is not made of a short secret", arguments: [0, 1, 31, 32, 1_024, 1_025])
    func secrets(count: Int) {
        let secret = [UInt8](repeating: 7, count: count)
        let fault = fault { () throws(KeyFault) in try VerificationKey(secret: secret.span) }
        #expect(fault == (count < 32 ? .tooShort : count > 1_024 ? .tooLong : nil))
    }
}

extension TokenSigner {
    /// The key that verifies what this one signs, out of the members a JSON Web Key spells.
    fileprivate func verificationKey() throws -> VerificationKey {
        let text = jwk()
        func member(_ name: String) -> [UInt8] {
            let rest = text.split(separator: "\"\(name)\":\"", maxSplits: 1)
            return rest.count < 2 ? [] : bytes(String(rest[1].prefix { $0 != "\"" }))
        }
        switch algorithm {
        case .hs256:
            let secret = member("k")
            return try VerificationKey(secret: secret.span)
        case .edDSA:
            let x = member("x")
            return try VerificationKey.ed25519(x.span)
        case .es256, .es384:
            let (x, y) = (member("x"), member("y"))
            return try VerificationKey.point(
                algorithm == .es256 ? .p256 : .p384, x: x.span, y: y.span)
        default:
            let (n, e) = (member("n"), member("e"))
            return try VerificationKey.rsa(modulus: n.span, exponent: e.span)
        }
    }
}
