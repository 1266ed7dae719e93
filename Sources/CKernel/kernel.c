#define _GNU_SOURCE
#include "CKernel.h"

#include <dirent.h>
#include <malloc.h>
#include <spawn.h>
#include <stddef.h>
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

// To leave nothing of ours to programs that are started, and never to wait for a socket.
void gh_make_private(int fd) {
    int descriptor = fcntl(fd, F_GETFD), status = fcntl(fd, F_GETFL);
    if (descriptor >= 0) fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC);
    if (status >= 0) fcntl(fd, F_SETFL, status | O_NONBLOCK);
}

// The copies stand above the places 3, 4, … that they are to take, so that none is overwritten before it has moved.
int gh_spawn(char *const arguments[], char *const environment[], const int *fds, int count, int *child) {
    int copies[4200];
    if (count > 4200) return E2BIG;
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    int made = 0;
    for (; made < count && !code; made++) {
        copies[made] = fcntl(fds[made], F_DUPFD_CLOEXEC, 3 + count);
        if (copies[made] < 0) {
            code = errno;
            break;
        }
        code = posix_spawn_file_actions_adddup2(&actions, copies[made], 3 + made);
    }
    pid_t number = 0;
    if (!code) code = posix_spawnp(&number, arguments[0], &actions, NULL, arguments, environment);
    for (int place = 0; place < made; place++) close(copies[place]);
    posix_spawn_file_actions_destroy(&actions);
    *child = number;
    return code;
}

char **gh_environment_list(void) { return environ; }

int gh_tell(const char *path, const char *text) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length < 2 || length >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, path, length);
    // An abstract address begins with a zero, for which @ is written.
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    // A manager that has stopped reading its queue must not stop the program.
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + length;
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    close(fd);
    return sent < 0 ? -1 : 0;
}

int gh_is_listening(int fd) {
    int listens = 0, family = 0;
    socklen_t size = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return 0;
    size = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return 0;
    return listens && (family == AF_INET || family == AF_INET6);
}

int gh_socket_pair(int fds[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds); }
