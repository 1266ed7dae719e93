import Crypto
import Errors
import Kernel

/// The desks at which a site has tokens verified: one for each issuer that it trusts.
///
/// A token that was verified before is found by its digest, whoever has issued it. Of another one
/// `iss` is read first, unverified, and chooses the desk and nothing else: there the token has to
/// hold with the keys of that issuer and by its rules, which look at `iss` once more.
public struct TokenDesks {
    private let desks: [TokenDesk]
    /// Which of them, by index; never none.
    private let trusted: [Int]

    /// - `desks`: all of the worker's; `trusted`: those of the site's issuers, of which no two
    ///   issue under one name.
    public init(_ desks: [TokenDesk], trusted: [Int]) {
        self.desks = desks
        self.trusted = trusted
    }

    func decide(
        _ token: Span<UInt8>, _ hasher: SHA256Hasher, now: UnixTime
    ) -> Identity.Decision {
        if trusted.count == 1 { return desks[trusted[0]].decide(token, hasher, now: now) }
        guard trusted.contains(where: { token.count <= desks[$0].issuer.rules.maxTokenBytes })
        else { return .refused(GatewayError(.tooLong)) }
        let digest = hasher.hash(token)
        for index in trusted {
            if let principal = desks[index].recall(digest, now: now) {
                return .principal(principal)
            }
        }
        do throws(TokenFault) {
            return try desk(for: token).examine(token, digest, now: now)
        } catch {
            return .refused(GatewayError(error))
        }
    }

    private func desk(for token: Span<UInt8>) throws(TokenFault) -> TokenDesk {
        let name = try desks[trusted[0]].claimedIssuer(of: token)
        let index = trusted.first { desks[$0].issuer.rules.issuers.contains(name) }
        guard let index else { throw .wrongIssuer }
        return desks[index]
    }
}
