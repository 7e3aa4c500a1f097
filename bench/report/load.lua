-- wrk script: makes requests of one kind (get; draw, which stores nothing; or play) and
-- reports the result.
local kind, marks, count = "get", "", 0
local body = '{"campaign":"welcome","entrant":{"first_name":"Ann","last_name":"Lee %s%d"}}'

function init(args)
  kind, marks = args[1], args[2]
end

function request()
  if kind == "get" then
    return wrk.format("GET")
  end
  local headers = {["Content-Type"] = "application/json"}
  if kind == "draw" then
    return wrk.format("POST", nil, headers, "{}")
  end
  count = count + 1
  headers["Idempotency-Key"] = marks .. count
  return wrk.format("POST", nil, headers, body:format(marks, count))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("result: %d %d %d %d %d %d\n", summary.requests, e.status,
    e.connect + e.read + e.write + e.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
