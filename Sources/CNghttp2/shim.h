// As CKernel does: system headers parsed with other feature macros clash between the two modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <nghttp2/nghttp2.h>
