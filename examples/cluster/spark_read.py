"""Counts rows of NDJSON in a huge .lz4 or .zst and adds up a field, with PySpark; workers need lz4 and zstandard alone.

sluice lz4 splits FILE --split=64M --at-line --plan > plan.jsonl   (or sluice zstd splits --split=64M --at-line FILE)
spark-submit spark_read.py plan.jsonl FILE|URL FIELD"""
import base64, io, json, sys, urllib.request
import lz4.frame, zstandard
from pyspark.sql import SparkSession

def read_range(source, split, start, end):
    if source.startswith("http"):
        request = urllib.request.Request(source, headers={"Range": f"bytes={start}-{end - 1}"})
        with urllib.request.urlopen(request) as answer:
            assert answer.headers["Content-Range"].endswith(f"/{split['source']['size']}"), "the source changed"
            return answer.read()
    with open(source, "rb") as file:
        file.seek(start)
        return file.read(end - start)

def content(source, split):
    assert split["version"] == 1, "another version of the plan"
    for piece in split.get("pieces", [split]):
        raw = read_range(source, split, *piece["compressedRange"])
        if split["format"] == "lz4-split":
            file = base64.b64decode(piece["prefix"]) + raw + base64.b64decode(piece["suffix"])
            whole = lz4.frame.open(io.BytesIO(file)).read()
        else:
            whole = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
        start, end = piece["decompressedRange"]
        assert len(whole) == piece["size"], "the source changed"
        yield whole[piece["drop"]:piece["drop"] + end - start]

if __name__ == "__main__":
    plan, source, field = sys.argv[1:]
    spark = SparkSession.builder.appName("sluice").getOrCreate()
    splits = [json.loads(line) for line in open(plan)]
    lines = spark.sparkContext.parallelize(splits, len(splits)).flatMap(
        lambda split: b"".join(content(source, split)).split(b"\n"))
    records = lines.filter(len).map(lambda line: json.loads(line)[field])
    count, total = records.aggregate((0, 0), lambda a, x: (a[0] + 1, a[1] + x), lambda a, b: (a[0] + b[0], a[1] + b[1]))
    print("rows", count, "sum", total)
