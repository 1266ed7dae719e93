import Kernel

extension MetricRegistry {
    /// How fresh the keys of each token issuer are.
    func writeTokenKeys(_ readings: [TokenKeysReading], to page: inout Exposition) {
        page.begin(.tokenKeys)
        for reading in readings {
            page.sample(.tokenKeys, [("issuer", reading.issuer)], UInt64(clamping: reading.keys))
        }
        page.begin(.tokenKeysReadTime)
        for reading in readings {
            guard let time = reading.readAt else { continue }
            page.sample(
                .tokenKeysReadTime, [("issuer", reading.issuer)], UInt64(clamping: time.seconds))
        }
        page.begin(.tokenKeysReadings)
        for reading in readings {
            for (result, count) in [("ok", reading.successes), ("failed", reading.failures)] {
                page.sample(
                    .tokenKeysReadings, [("issuer", reading.issuer), ("result", result)],
                    UInt64(clamping: count))
            }
        }
    }

    /// What the workers remember of tokens, and how often that has spared a verification.
    func writeTokenCache(to page: inout Exposition) {
        page.begin(.tokenCacheEntries)
        page.sample(.tokenCacheEntries, total(MetricLayout.Worker.cachedTokens))
        page.begin(.tokenCacheLookups)
        for (result, place) in [
            ("hit", MetricLayout.Worker.cacheHits), ("miss", MetricLayout.Worker.cacheMisses),
        ] {
            page.sample(.tokenCacheLookups, [("result", result)], total(place))
        }
    }
}
