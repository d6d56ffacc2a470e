"""Drives python-lz4 as its users do. Prints one line per operation: its name, and the best time on the clock and of the
processor in nanoseconds.

    lz4_python.py FILE ROUNDS LINKED CHECKSUM
"""

import sys

import lz4.frame

from best import best

CHUNK = 64 * 1024


def main(path, rounds, linked, checksum):
    with open(path, "rb") as file:
        content = file.read()
    options = {
        "block_linked": linked,
        "block_size": lz4.frame.BLOCKSIZE_MAX64KB if linked else lz4.frame.BLOCKSIZE_MAX4MB,
        "content_checksum": checksum,
        "store_size": False,
    }
    frame = lz4.frame.compress(content, **options)

    def stream_decompress():
        decompressor = lz4.frame.LZ4FrameDecompressor()
        for at in range(0, len(frame), CHUNK):
            decompressor.decompress(frame[at:at + CHUNK])

    print("compress", best(rounds, lambda: lz4.frame.compress(content, **options)))
    print("decompress", best(rounds, lambda: lz4.frame.decompress(frame)))
    print("stream_decompress", best(rounds, stream_decompress))


main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4] == "1")
