import Chance
import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("The memory the codecs of a worker share")
struct HTTP2MemoryTests {
    @Test("each size falls into the smallest class that holds it")
    func classes() {
        var last = (index: 0, size: 64)
        for size in 1...32_768 {
            let found = HTTP2Memory.sizeClass(size)
            #expect(found.size >= size)
            if found.index != last.index {
                #expect(found.index == last.index + 1)
                #expect(last.size == size - 1)
            }
            last = found
        }
        #expect(last.index == 36)
        #expect(HTTP2Memory.sizeClass(32_769).index == -1)
    }

    @Test("codecs may end in any order, and what is kept stays within its bound")
    func anyOrder() {
        for seed in UInt64(0)..<20 {
            var random = SeededRandom(seed: seed)
            let memory = HTTP2Memory(bound: 100_000)
            var pipes: [Pipe] = []
            for step in 0..<40 {
                if pipes.isEmpty || random.below(2) == 0 {
                    pipes.append(
                        Pipe(
                            Endpoint(.client, memory: memory), Endpoint(.server, memory: memory)))
                } else {
                    pipes.remove(at: random.below(pipes.count))
                }
                for pipe in pipes {
                    _ = pipe.client.codec.open(makeRequest(), isEnd: step % 2 == 0)
                    pipe.run()
                }
                #expect(memory.keptBytes <= 100_000, "seed \(seed)")
            }
        }
    }

    @Test("a second connection reuses what the first one left")
    func reuse() {
        let memory = HTTP2Memory()
        do {
            let pipe = Pipe(Endpoint(.client, memory: memory), Endpoint(.server, memory: memory))
            pipe.run()
        }
        let kept = memory.keptBytes
        #expect(kept > 0)
        let pipe = Pipe(Endpoint(.client, memory: memory), Endpoint(.server, memory: memory))
        pipe.run()
        #expect(memory.keptBytes < kept)
    }
}
