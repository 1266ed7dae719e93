#define _GNU_SOURCE
#include "CKernel.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

int gh_accept(int fd, struct sockaddr *address, socklen_t *size) {
    return accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int gh_processor_count(void) {
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

int gh_pin_thread(int index) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
    int wanted = index % CPU_COUNT(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || wanted-- > 0) continue;
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    }
    return -1;
}

void gh_return_large_blocks(void) {
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

size_t gh_free_heap_bytes(void) { return mallinfo2().fordblks; }

void gh_return_free_heap(void) { malloc_trim(0); }

// Without them a write fails instead, to a socket without a reader and to a file at its limit.
void gh_ignore_write_signals(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int gh_resolve(const char *host, const char *port, struct addrinfo **list) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    return getaddrinfo(host, port, &hints, list);
}
const char *gh_environment(const char *name) { return getenv(name); }

const char *gh_error_text(int code, char *buffer, size_t size) {
    return strerror_r(code, buffer, size);
}

int gh_count_entries(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return -1;
    int count = 0;
    while (readdir(directory)) count++;
    closedir(directory);
    return count - 2;
}

// Thirty-two places at once: where the first two bytes of the word fit is looked at closely.
long gh_find_word(const uint8_t *bytes, long count, const uint8_t *word, long length) {
    long index = 0;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)word[0]), second = _mm_set1_epi8((char)word[1]);
    for (; index + 31 + length <= count; index += 32) {
        const uint8_t *place = bytes + index;
        __m128i low = _mm_and_si128(
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)place), first),
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(place + 1)), second));
        __m128i high = _mm_and_si128(
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(place + 16)), first),
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(place + 17)), second));
        if (_mm_movemask_epi8(_mm_or_si128(low, high)) == 0) continue;
        unsigned fits = (unsigned)_mm_movemask_epi8(low) | (unsigned)_mm_movemask_epi8(high) << 16;
        for (; fits; fits &= fits - 1) {
            const uint8_t *found = place + __builtin_ctz(fits);
            if (memcmp(found, word, (size_t)length) == 0) return found - bytes;
        }
    }
#endif
    if (index >= count) return -1;
    const uint8_t *found = memmem(bytes + index, (size_t)(count - index), word, (size_t)length);
    return found ? found - bytes : -1;
}

int gh_rename(const char *from, const char *to) { return rename(from, to); }
