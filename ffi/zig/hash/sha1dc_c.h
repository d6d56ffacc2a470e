/* SHA-1 with detection of collision attacks. */
#include <stddef.h>
#include "sha1.h"
