#define _GNU_SOURCE
#include "CKernel.h"

#include <malloc.h>
#include <string.h>

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

void gh_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

int gh_resolve(const char *host, const char *port, struct addrinfo **list) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    return getaddrinfo(host, port, &hints, list);
}
const char *gh_environment(const char *name) { return getenv(name); }

const char *gh_error_text(int code, char *buffer, size_t size) {
    return strerror_r(code, buffer, size);
}
