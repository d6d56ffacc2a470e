/*
 * Drives the lz4 library from C, the way a C program would: contexts and buffers are made once and used again.
 * Built by ffi/zig/build.zig (step "baselines") from the same sources and with the same flags as the product.
 *
 *   lz4_bench FILE LEVEL ROUNDS LINKED CHECKSUM
 *
 * Prints one line per operation: its name, the best time of a round and its best processor time in nanoseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "lz4frame.h"

static size_t check(size_t size) {
    if (LZ4F_isError(size)) {
        fprintf(stderr, "lz4_bench: %s\n", LZ4F_getErrorName(size));
        exit(1);
    }
    return size;
}

/* All of the frame into one buffer, input in pieces of `step` bytes. */
static size_t decompress(LZ4F_dctx *context, const char *frame, size_t size, char *target, size_t room, size_t step) {
    size_t in = 0, out = 0;
    while (in < size) {
        size_t take = size - in < step ? size - in : step, given = room - out;
        check(LZ4F_decompress(context, target + out, &given, frame + in, &take, NULL));
        in += take;
        out += given;
    }
    return out;
}

int main(int count, char **arguments) {
    if (count != 6) return 1;
    FILE *file = fopen(arguments[1], "rb");
    if (!file) return 1;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(size), *copy = malloc(size);
    if (fread(content, 1, size, file) != size) return 1;
    fclose(file);
    LZ4F_preferences_t preferences;
    memset(&preferences, 0, sizeof preferences);
    int linked = atoi(arguments[4]), checksum = atoi(arguments[5]), rounds = atoi(arguments[3]);
    preferences.compressionLevel = atoi(arguments[2]);
    preferences.frameInfo.blockMode = linked ? LZ4F_blockLinked : LZ4F_blockIndependent;
    preferences.frameInfo.blockSizeID = linked ? LZ4F_max64KB : LZ4F_max4MB;
    preferences.frameInfo.contentChecksumFlag = checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
    size_t room = LZ4F_compressFrameBound(size, &preferences);
    char *frame = malloc(room);
    LZ4F_dctx *context;
    check(LZ4F_createDecompressionContext(&context, LZ4F_VERSION));
    size_t frame_size = 0;
    Time best[3] = { { 1e18, 1e18 }, { 1e18, 1e18 }, { 1e18, 1e18 } };
    for (int round = 0; round < rounds; round++) {
        Time start = now();
        frame_size = check(LZ4F_compressFrame(frame, room, content, size, &preferences));
        Time end = now();
        keep_best(&best[0], start, end, 1);
        for (int kind = 1; kind <= 2; kind++) {
            start = now();
            if (decompress(context, frame, frame_size, copy, size, kind == 1 ? frame_size : 65536) != size) return 1;
            end = now();
            keep_best(&best[kind], start, end, 1);
        }
    }
    if (memcmp(content, copy, size) != 0) return 1;
    report("compress", best[0]);
    report("decompress", best[1]);
    report("stream_decompress", best[2]);
    return 0;
}
