import Chance
import Crypto
import Errors
import Kernel
import Signing
import Synchronization
import Testing

@testable import Policies

@Suite("The cache of tokens")
struct TokenCacheTests {
    private let hasher = SHA256Hasher()
    private let now = UnixTime(seconds: 1_795_219_200)

    private func digest(_ number: Int) -> Digest { hasher.hash("\(number)".utf8.span) }

    /// Claims that are good for so many seconds from `now` on.
    private func claims(_ seconds: Int64 = 60) throws -> TokenClaims {
        var world = try TokenWorld()
        world.rules.leeway = 0
        return try world.accepted(claims: ["exp": "\(world.now.seconds + seconds)"])
    }

    @Test("holds as many as it may and no more", arguments: [0, 1, 3, 4, 5, 7, 8, 100, 1_024])
    func bound(size: Int) throws {
        var cache = TokenCache<TokenClaims>(bound: size)
        #expect(cache.bound <= size)
        #expect(size < 4 ? cache.bound == 0 : cache.bound * 2 > size)
        let claims = try claims()
        for number in 0..<3 * size + 8 {
            cache.insert(
                digest(number), claims, until: claims.refusedFrom, version: 1, now: now)
            let found = cache.find(digest(number), version: 1, now: now)
            #expect((found != nil) == (cache.bound > 0))
        }
        #expect(cache.count <= cache.bound)
    }

    @Test("agrees with a table that forgets nothing, as far as it remembers")
    func model() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        var cache = TokenCache<TokenClaims>(bound: 64)
        let good = try (1...4).map { try claims(Int64($0) * 100) }
        var table: [Int: (claims: TokenClaims, version: UInt64)] = [:]
        var version: UInt64 = 1
        var time = now
        var hits = 0
        for _ in 0..<20_000 {
            let number = random.below(100)
            if random.isLucky(1, in: 500) { version += 1 }
            if random.isLucky(1, in: 100) { time = UnixTime(seconds: time.seconds + 2) }
            if let found = cache.find(digest(number), version: version, now: time) {
                hits += 1
                #expect(found === table[number]?.claims, "seed \(seed)")
                #expect(table[number]?.version == version, "seed \(seed)")
                #expect(time < found.refusedFrom, "seed \(seed)")
            } else {
                let one = random.pick(good)
                cache.insert(
                    digest(number), one, until: one.refusedFrom, version: version, now: time)
                table[number] = (one, version)
            }
        }
        #expect(hits > 1_000, "seed \(seed)")
    }

    @Test("keeps of a full row what was asked for")
    func eviction() throws {
        var cache = TokenCache<TokenClaims>(bound: 4)
        let claims = try claims()
        for number in 0..<4 {
            cache.insert(
                digest(number), claims, until: claims.refusedFrom, version: 1, now: now)
        }
        let isKnown = cache.find(digest(2), version: 1, now: now) != nil
        #expect(isKnown)
        for number in 4..<6 {
            cache.insert(
                digest(number), claims, until: claims.refusedFrom, version: 1, now: now)
        }
        let isKept = cache.find(digest(2), version: 1, now: now) != nil
        #expect(isKept && cache.count == 4)
        // Of other keys: found to be worthless, and gone.
        let isWorthless = cache.find(digest(2), version: 2, now: now) == nil
        #expect(isWorthless && cache.count == 3)
    }
}

@Suite("A desk for tokens")
struct TokenDeskTests {
    private let hasher = SHA256Hasher()

    private final class Bell: Sendable {
        let rung = Atomic<Int>(0)
    }

    private func desk(_ world: TokenWorld, _ bell: Bell = Bell(), hasKeys: Bool = true) -> TokenDesk
    {
        let demand = KeyDemand { bell.rung.add(1, ordering: .relaxed) }
        let holders = TokenHolders(issuer: "i", directory: Directory(), meters: MeterTable())
        let issuer = TokenIssuer(
            name: "i", rules: world.rules, holders: holders, cacheEntries: 16, demand: demand)
        return TokenDesk(issuer, world.verifier, keys: hasKeys ? world.keys : nil)
    }

    private func error(
        _ desk: TokenDesk, _ token: String, _ world: TokenWorld
    ) -> GatewayError? {
        let decision = desk.decide(token.utf8.span, hasher, now: world.now)
        guard case .refused(let error) = decision else { return nil }
        return error
    }

    private let unknownKey = GatewayError.invalidToken("token_unknown_key")

    @Test("verifies a token once for each set of keys")
    func remembers() throws {
        var world = try TokenWorld()
        let desk = desk(world)
        let token = Signers.es256.token(world.claims())
        for _ in 0..<5 { #expect(error(desk, token, world) == nil) }
        #expect(desk.examined == 1 && desk.remembered == 4)
        desk.replace(try TokenWorld.keys([Signers.es256.jwk(), Signers.ed25519.jwk()], version: 2))
        #expect(error(desk, token, world) == nil)
        #expect(desk.examined == 2)
        // A revoked key takes its tokens with it, also those that were believed.
        desk.replace(try TokenWorld.keys([Signers.ed25519.jwk()], version: 3))
        #expect(error(desk, token, world) == unknownKey)
        world.now = UnixTime(seconds: world.now.seconds + 3_661)
        desk.replace(try TokenWorld.keys([Signers.es256.jwk()], version: 4))
        #expect(error(desk, token, world) == .expiredToken)
    }

    @Test("refuses a remembered token when it has expired")
    func expiry() throws {
        var world = try TokenWorld()
        let desk = desk(world)
        let token = Signers.es256.token(world.claims(["exp": "\(world.now.seconds + 10)"]))
        #expect(error(desk, token, world) == nil)
        world.now = UnixTime(seconds: world.now.seconds + 69)
        #expect(error(desk, token, world) == nil)
        world.now = UnixTime(seconds: world.now.seconds + 1)
        #expect(error(desk, token, world) == .expiredToken)
    }

    @Test("remembers nothing of tokens that were refused")
    func floods() throws {
        let world = try TokenWorld()
        let desk = desk(world)
        let good = Signers.es256.token(world.claims())
        #expect(error(desk, good, world) == nil)
        for number in 0..<1_000 {
            let index = good.utf8.count - 1 - number % 80
            var bytes = Array(good.utf8)
            bytes[index] = bytes[index] == 0x41 ? 0x42 : 0x41
            #expect(error(desk, String(decoding: bytes, as: UTF8.self), world) != nil)
        }
        #expect(error(desk, good, world) == nil)
        #expect(desk.remembered == 1)
    }

    @Test("asks for the keys once, however many tokens name a key that nobody knows")
    func demand() throws {
        let world = try TokenWorld()
        let bell = Bell()
        let desk = desk(world, bell)
        let stranger = TokenSigner(.es256, keyID: "new")
        let token = stranger.token(world.claims())
        for _ in 0..<10 { #expect(error(desk, token, world) == unknownKey) }
        #expect(bell.rung.load(ordering: .relaxed) == 1)
        #expect(desk.issuer.demand.isOpen)
        desk.issuer.demand.meet()
        #expect(error(desk, token, world) == unknownKey)
        #expect(bell.rung.load(ordering: .relaxed) == 2)
        desk.replace(try TokenWorld.keys([stranger.jwk()], version: 2))
        #expect(error(desk, token, world) == nil)
    }

    @Test("without keys believes nobody")
    func noKeys() throws {
        let world = try TokenWorld()
        let empty = desk(world, hasKeys: false)
        #expect(
            error(empty, Signers.es256.token(world.claims()), world) == .authorityUnavailable)
    }
}
