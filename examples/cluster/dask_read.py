"""Counts rows of NDJSON in a huge .lz4 or .zst and adds up a field, with Dask; workers need lz4 and zstandard alone.
sluice lz4 splits FILE --split=64M --at-line --plan > plan.jsonl   (or sluice zstd splits --split=64M --at-line FILE)
python3 dask_read.py plan.jsonl FILE|URL FIELD [SCHEDULER]"""
import base64, io, json, sys, urllib.request
import lz4.frame, zstandard
from dask.distributed import Client

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

def count(split, source, field):
    rows = [json.loads(line)[field] for line in b"".join(content(source, split)).split(b"\n") if line]
    return len(rows), sum(rows)

if __name__ == "__main__":
    plan, source, field, *scheduler = sys.argv[1:]
    here = {} if scheduler else {"n_workers": 2, "host": "127.0.0.1", "dashboard_address": None}
    with Client(*scheduler, **here) as client:
        results = client.gather(client.map(count, list(map(json.loads, open(plan))), source=source, field=field))
        print("rows", sum(rows for rows, _ in results), "sum", sum(total for _, total in results))
