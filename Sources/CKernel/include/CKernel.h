#pragma once
// What Glibc's Swift module leaves out, and function-like macros Swift cannot import.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
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
int gh_pin_thread(int cpu);
/// With _GNU_SOURCE glibc types these calls' addresses as transparent unions, which Swift cannot pass.
static inline int gh_bind(int fd, const struct sockaddr *address, socklen_t size) { return bind(fd, address, size); }
static inline int gh_connect(int fd, const struct sockaddr *address, socklen_t size) { return connect(fd, address, size); }
static inline int gh_accept(int fd, struct sockaddr *address, socklen_t *size) {
    return accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
static inline int gh_local_name(int fd, struct sockaddr *address, socklen_t *size) { return getsockname(fd, address, size); }
static inline int gh_stream_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }
/// Resolves a host and a numeric port for stream sockets; thread-safe, blocking.
int gh_resolve(const char *host, const char *port, struct addrinfo **list);
