"""Drives python-zstandard as its users do. Prints one line per operation: its name, and the best time on the
clock and of the processor in nanoseconds.

    zstd_python.py FILE LEVEL ROUNDS
    zstd_python.py --messages COUNT SIZE FILE
"""

import io
import sys

import zstandard

from best import best

CHUNK = 64 * 1024


def whole(path, level, rounds):
    with open(path, "rb") as file:
        content = file.read()
    compressor = zstandard.ZstdCompressor(level=level)
    decompressor = zstandard.ZstdDecompressor()
    frame = compressor.compress(content)

    def stream_compress():
        push = compressor.compressobj()
        for at in range(0, len(content), CHUNK):
            push.compress(content[at:at + CHUNK])
        push.flush()

    def stream_decompress():
        for _ in decompressor.read_to_iter(io.BytesIO(frame), read_size=CHUNK):
            pass

    print("compress", best(rounds, lambda: compressor.compress(content)))
    print("decompress", best(rounds, lambda: decompressor.decompress(frame)))
    print("stream_compress", best(rounds, stream_compress))
    print("stream_decompress", best(rounds, stream_decompress))


def messages(count, size, path):
    with open(path, "rb") as file:
        content = file.read(count * size)
    inputs = [content[at:at + size] for at in range(0, count * size, size)]
    compressor = zstandard.ZstdCompressor()
    decompressor = zstandard.ZstdDecompressor()
    frames = [compressor.compress(data) for data in inputs]

    def compress_all():
        for data in inputs:
            compressor.compress(data)

    def decompress_all():
        for frame in frames:
            decompressor.decompress(frame)

    print("compress", best(3, compress_all))
    print("decompress", best(3, decompress_all))


if sys.argv[1] == "--messages":
    messages(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
else:
    whole(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
