/* All of libc that sha1dc needs. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
