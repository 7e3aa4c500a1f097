"""Attacks a server while sending honest requests: hostile.py URL rules|draws"""
import json, sys, threading, time, urllib.error, urllib.request

url, kind = sys.argv[1:]
HEAD = "name: x\ncurrency: JPY\nrules:\n"
ALLOWED = {200, 400, 413, 422, 429, 503}


def post(path, body, timeout=300):
    request = urllib.request.Request(url + path, body.encode(), {"Content-Type": "application/json", "Authorization": "Bearer e2e"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            while response.read(1 << 16):
                pass
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def rules(pattern, n=2800):
    lines = ["- {name: '%d', match: '%s', prizes: [{win: 1, chance: 1%%}]}\n" % (i, pattern.replace("N", str(i))) for i in range(n)]
    return HEAD + "".join(lines)[:260_000].rsplit("\n", 1)[0] + "\n"


def attacks():
    if kind == "rules":
        files = [rules("[a-z]*[0-9]*x{0,40}"), rules("[a-z]*[0-9]*x{0,40}N"), rules("[a-m]N.{6}7"), rules("((x{0,9}){0,9}){0,9}N"),
                 rules("(?i)" + r"\pL" * 60), "- " * 1990 + "\n" + ("- " * 1990 + "\n") * 64,
                 HEAD + "- prizes:\n" + "".join("  - {win: %d, chance: 1/1000000}\n" % (i + 1) for i in range(8000))]
        for text in files:
            yield "/v1/prize", [json.dumps({"accounts": ["abcd1234"], "rules_yaml": text + "#" * i + "\n"}) for i in range(6)]
        return
    long = ["a" * 128] * 100_000
    for path, body in [("/v1/draws", '{"count":100000}'), ("/v1/text", '{"count":100000,"format":"lower64"}'),
                       ("/v1/number", '{"count":100000,"format":"digits64"}'), ("/v1/prize", json.dumps({"accounts": long})),
                       ("/v1/text", '{"ranges":[{}' + ",{}" * 5_000_000 + "]}")]:
        yield path, [body] * 5


failed = []
done = threading.Event()


def honest():
    path, body = ("/v1/prize", '{"accounts":["abcd1234"]}') if kind == "rules" else ("/v1/draws", '{"count":3}')
    while not done.wait(0.5):
        try:
            status = post(path, body)
        except OSError as error:
            status = error
        if status != 200:
            failed.append(f"honest: {status}")


def hostile(path, body):
    try:
        status = post(path, body)
    except OSError as error:
        status = error
    if status not in ALLOWED:
        failed.append(f"{path} {body[:60]}: {status}")


watcher = threading.Thread(target=honest)
watcher.start()
for path, bodies in attacks():
    began = time.time()
    threads = [threading.Thread(target=hostile, args=(path, body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"    {path} {len(bodies)} times {len(bodies[0])} bytes: {time.time() - began:.1f} s", flush=True)
done.set()
watcher.join()
for line in failed:
    print(line, file=sys.stderr)
sys.exit(bool(failed))
