#define _GNU_SOURCE
#include "CKernel.h"
#include <string.h>

int gh_accept(int fd, struct sockaddr *address, socklen_t *size) {
    return accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int gh_pin_thread(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int gh_resolve(const char *host, const char *port, struct addrinfo **list) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    return getaddrinfo(host, port, &hints, list);
}
const char *gh_environment(const char *name) { return getenv(name); }

const char *gh_error_text(int code, char *buffer, size_t size) {
    return strerror_r(code, buffer, size);
}
