#pragma once
// What Glibc's Swift module leaves out, and function-like macros Swift cannot import. _GNU_SOURCE is
// defined in kernel.c only: here it would give glibc's types another shape than they have in Swift's own
// Glibc module, and no file could import both.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline int gh_errno(void) { return errno; }
/// epoll_event holds a union; these two keep it out of Swift.
static inline int gh_epoll_control(int poller, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(poller, operation, fd, &event);
}
static inline uint64_t gh_event_token(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}
static inline uint32_t gh_event_flags(const struct epoll_event *events, int index) {
    return events[index].events;
}
/// 1 for every tchar (RFC 9110 section 5.6.2).
static const uint8_t gh_tchar[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0,
};
static inline long gh_token_length(const uint8_t *bytes, long count) {
    long length = 0;
    while (length < count && gh_tchar[bytes[length]]) length++;
    return length;
}
/// Where the `length` (2 to 16) bytes of `word` stand for the first time; -1: nowhere.
long gh_find_word(const uint8_t *bytes, long count, const uint8_t *word, long length);
/// How many entries a directory has without `.` and `..`; -1: it cannot be read.
int gh_count_entries(const char *path);
/// RUSAGE_SELF is an enumeration in C and an integer in the call.
static inline int gh_usage(struct rusage *usage) { return getrusage(RUSAGE_SELF, usage); }
int gh_pin_thread(int index);
int gh_processor_count(void);
void gh_ignore_write_signals(void);
void gh_return_large_blocks(void);

// Bytes that were freed and not yet given back to the system, and giving them back.
size_t gh_free_heap_bytes(void);
void gh_return_free_heap(void);
/// RLIMIT_NOFILE is an enumeration in C and an integer in the call.
static inline int gh_descriptor_limit(struct rlimit *limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int gh_set_descriptor_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_NOFILE, limit); }
/// open is variadic, which Swift cannot call.
static inline int gh_open_append(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}
static inline int gh_open_fresh(const char *path) {
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}
/// rename(2) is in stdio.h, the rest of which has no place here.
int gh_rename(const char *from, const char *to);
/// Where _GNU_SOURCE is set glibc types these calls' addresses as transparent unions, which Swift cannot pass.
static inline int gh_bind(int fd, const struct sockaddr *address, socklen_t size) { return bind(fd, address, size); }
static inline int gh_connect(int fd, const struct sockaddr *address, socklen_t size) { return connect(fd, address, size); }
int gh_accept(int fd, struct sockaddr *address, socklen_t *size);
static inline int gh_local_name(int fd, struct sockaddr *address, socklen_t *size) { return getsockname(fd, address, size); }
static inline int gh_stream_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }
/// Resolves a host and a numeric port for stream sockets; thread-safe, blocking.
int gh_resolve(const char *host, const char *port, struct addrinfo **list);
/// open(2) is variadic, which Swift does not import. O_NONBLOCK: a FIFO without a writer must not hang.
static inline int gh_open_readonly(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}
const char *gh_environment(const char *name);
/// The GNU form of strerror_r(3): the text is in `buffer` or constant.
const char *gh_error_text(int code, char *buffer, size_t size);
#include <sys/wait.h>
/// Nothing that is started gets the descriptor, and nobody waits for it.
void gh_make_private(int fd);
/// Starts `arguments[0]`, looked up in PATH, with `fds` as its descriptors 3, 4, …; 0, or why not.
int gh_spawn(char *const arguments[], char *const environment[], const int *fds, int count, int *child);
/// The strings of the environment, up to a null pointer.
char **gh_environment_list(void);
/// Sends a datagram to a Unix socket; -1: nobody got it.
int gh_tell(const char *path, const char *text);
/// Whether it is a TCP socket that takes connections.
int gh_is_listening(int fd);
int gh_socket_pair(int fds[2]);
