/*
 * Drives the zstd library from C, the way a C program would: contexts and buffers are made once and used again.
 * Built by ffi/zig/build.zig (step "baselines") from the same sources and with the same flags as the product.
 *
 *   zstd_bench FILE LEVEL ROUNDS [MESSAGE_SIZE]
 *
 * Prints one line per operation: its name, the best time of a round and its best processor time in nanoseconds. With MESSAGE_SIZE the file is
 * handled as that many messages of that size, and times are per message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "zstd.h"

/* The static library takes its memory by these names: ffi/zig/core/heap.zig. */
void* sluice_heap_malloc(size_t size) { return malloc(size); }
void* sluice_heap_calloc(size_t count, size_t size) { return calloc(count, size); }
void sluice_heap_free(void* block) { free(block); }

static void check(size_t size) {
    if (ZSTD_isError(size)) {
        fprintf(stderr, "zstd_bench: %s\n", ZSTD_getErrorName(size));
        exit(1);
    }
}

/* The content in chunks of 64 KiB through the streaming functions, output into one reused buffer. */
static size_t stream_decompress(ZSTD_DCtx *context, const char *frame, size_t size, char *chunk, size_t chunk_size) {
    size_t total = 0;
    for (size_t at = 0; at < size;) {
        size_t take = size - at < 65536 ? size - at : 65536;
        ZSTD_inBuffer input = { frame + at, take, 0 };
        at += take;
        for (;;) {
            ZSTD_outBuffer output = { chunk, chunk_size, 0 };
            check(ZSTD_decompressStream(context, &output, &input));
            total += output.pos;
            if (input.pos == input.size && output.pos < output.size) break;
        }
    }
    return total;
}

static size_t stream_compress(ZSTD_CCtx *context, const char *content, size_t size, char *chunk, size_t chunk_size) {
    size_t total = 0;
    for (size_t at = 0;;) {
        size_t take = size - at < 65536 ? size - at : 65536;
        ZSTD_EndDirective mode = take == 0 ? ZSTD_e_end : ZSTD_e_continue;
        ZSTD_inBuffer input = { content + at, take, 0 };
        at += take;
        for (;;) {
            ZSTD_outBuffer output = { chunk, chunk_size, 0 };
            size_t left = ZSTD_compressStream2(context, &output, &input, mode);
            check(left);
            total += output.pos;
            if (mode == ZSTD_e_end ? left == 0 : input.pos == input.size) break;
        }
        if (mode == ZSTD_e_end) return total;
    }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int level = atoi(argv[2]);
    int rounds = atoi(argv[3]);
    size_t message_size = argc > 4 ? (size_t)atol(argv[4]) : 0;

    FILE *file = fopen(argv[1], "rb");
    if (file == NULL) return 2;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(size);
    if (fread(content, 1, size, file) != size) return 2;
    fclose(file);

    size_t bound = ZSTD_compressBound(size);
    char *frame = malloc(bound);
    char *copy = malloc(size);
    char *chunk = malloc(131072);
    memset(frame, 0, bound);
    memset(copy, 0, size);
    ZSTD_CCtx *compressor = ZSTD_createCCtx();
    ZSTD_DCtx *decompressor = ZSTD_createDCtx();
    check(ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, level));

    Time best[5] = { { 1e18, 1e18 }, { 1e18, 1e18 }, { 1e18, 1e18 }, { 1e18, 1e18 }, { 1e18, 1e18 } };
    for (int round = 0; round < rounds; round++) {
        Time times[6];
        if (message_size > 0) {
            size_t count = size / message_size;
            size_t *sizes = malloc(count * sizeof *sizes);
            size_t slot = ZSTD_compressBound(message_size);
            char *frames = malloc(count * slot);
            times[0] = now();
            for (size_t i = 0; i < count; i++)
                check(sizes[i] = ZSTD_compress2(compressor, frames + i * slot, slot, content + i * message_size, message_size));
            times[1] = now();
            for (size_t i = 0; i < count; i++)
                check(ZSTD_decompressDCtx(decompressor, copy, message_size, frames + i * slot, sizes[i]));
            times[2] = now();
            free(frames);
            free(sizes);
            for (int i = 0; i < 2; i++) keep_best(&best[i], times[i], times[i + 1], (double)count);
            continue;
        }
        times[0] = now();
        size_t frame_size = ZSTD_compress2(compressor, frame, bound, content, size);
        check(frame_size);
        times[1] = now();
        check(ZSTD_decompressDCtx(decompressor, copy, size, frame, frame_size));
        times[2] = now();
        if (stream_compress(compressor, content, size, chunk, 131072) == 0) return 1;
        times[3] = now();
        if (stream_decompress(decompressor, frame, frame_size, chunk, 131072) != size) return 1;
        times[4] = now();
        char *fresh = malloc(size);
        check(ZSTD_decompressDCtx(decompressor, fresh, size, frame, frame_size));
        free(fresh);
        times[5] = now();
        for (int i = 0; i < 5; i++) keep_best(&best[i], times[i], times[i + 1], 1);
    }
    report("compress", best[0]);
    report("decompress", best[1]);
    if (message_size == 0) {
        report("stream_compress", best[2]);
        report("stream_decompress", best[3]);
        report("decompress_fresh", best[4]);
    }
    return 0;
}
