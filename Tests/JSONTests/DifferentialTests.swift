import Chance
import Foundation
import JSON
import Testing

/// Documents and damaged documents, judged by the probe and by Foundation.
@Suite struct DifferentialTests {
    private struct Writer {
        var generator: SeededRandom
        var text: [UInt8] = []

        mutating func put(_ string: String) { text += string.utf8 }

        mutating func pick(_ choices: [String]) {
            put(choices.randomElement(using: &generator) ?? "")
        }

        mutating func value(_ depth: Int) {
            space()
            switch Int.random(in: 0..<(depth > 5 ? 4 : 7), using: &generator) {
            case 0: pick(["true", "false", "null"])
            case 1: pick(["0", "-0", "7", "-12", "3.25", "0.5", "1e3", "2E-2", "-1.5e+2", "42"])
            case 2, 3: string()
            case 4, 5: object(depth)
            default: array(depth)
            }
            space()
        }

        mutating func space() { pick(["", "", "", " ", "\n", "\t", "\r\n", "   "]) }

        mutating func string() {
            put("\"")
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                pick([
                    "a", "model", "stream", "é", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "{",
                    "]", ",", ":", " ", "0123456789abcdef", "\\t\\r\\b\\f",
                ])
            }
            put("\"")
        }

        mutating func object(_ depth: Int) {
            put("{")
            let count = Int.random(in: 0..<4, using: &generator)
            for index in 0..<count {
                if index > 0 { put(",") }
                space()
                string()
                space()
                put(":")
                value(depth + 1)
            }
            put("}")
        }

        mutating func array(_ depth: Int) {
            put("[")
            let count = Int.random(in: 0..<5, using: &generator)
            for index in 0..<count {
                if index > 0 { put(",") }
                value(depth + 1)
            }
            put("]")
        }

        mutating func damage() {
            guard !text.isEmpty else { return }
            let noise =
                Array("\"\\{}[],:0123456789.eE+-truefalsn \n\t\u{1}x/u".utf8) + [
                    0x80, 0xc3, 0xff, 0,
                ]
            let index = Int.random(in: 0..<text.count, using: &generator)
            let byte = noise.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: text[index] = byte
            case 1: text.insert(byte, at: index)
            case 2: text.remove(at: index)
            default: text.removeSubrange(index...)
            }
        }
    }

    private func accepts(_ probe: JSONProbe, _ bytes: [UInt8]) -> Bool {
        do throws(JSONFault) {
            _ = try probe.probe(bytes.span)
            return true
        } catch {
            return error == .duplicateMember
        }
    }

    /// What Foundation decides otherwise for reasons of its own: surrogates and numbers no Double
    /// holds.
    private func isComparable(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        if text.contains("\\ud") { return false }
        return text.firstMatch(of: #/[0-9.]e[+-]?[0-9]{3,}|[0-9]{18,}/#) == nil
    }

    @Test("the probe accepts what Foundation accepts and nothing else", arguments: 0..<8)
    func agreement(seed: UInt64) {
        let probe = JSONProbe()
        var writer = Writer(generator: SeededRandom(seed: seed))
        for round in 0..<1_500 {
            writer.text = []
            writer.value(0)
            for _ in 0..<Int.random(in: 0..<3, using: &writer.generator) { writer.damage() }
            let bytes = writer.text
            guard isComparable(bytes) else { continue }
            let expected =
                (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
                != nil
            let accepted = accepts(probe, bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(accepted == expected, "seed \(seed) round \(round): \(text.debugDescription)")
        }
    }

    @Test("undamaged documents are accepted, at every distance from a block's edge")
    func alignment() {
        let probe = JSONProbe()
        var writer = Writer(generator: SeededRandom(seed: 99))
        for padding in 0..<130 {
            writer.text = [UInt8](repeating: 0x20, count: padding)
            writer.value(0)
            #expect(accepts(probe, writer.text), "padding \(padding)")
        }
    }
}
