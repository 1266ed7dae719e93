#ifndef GATEHOUSE_CFUZZER_H
#define GATEHOUSE_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop, for programs with a `main` of their own.
int LLVMFuzzerRunDriver(
    int *count, char ***arguments, int (*test)(const uint8_t *data, size_t size));

#endif
