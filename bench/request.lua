-- One request again and again; X-M2M-RI counts up, so each is a request of its own.
-- Arguments: method, resource type ('' for none), body ('' for none).
local head, tail
local count = 0

function init(args)
  local method, ty, body = args[1], args[2], args[3]
  local headers = {
    ["Host"] = wrk.headers["Host"],
    ["X-M2M-Origin"] = "CAdmin",
    ["X-M2M-RVI"] = "3",
    ["X-M2M-RI"] = "@@",
    ["Accept"] = "application/json",
  }
  if body ~= "" then
    headers["Content-Type"] = "application/json;ty=" .. ty
  else
    body = nil
  end
  local text = wrk.format(method, wrk.path, headers, body)
  local at = text:find("@@", 1, true)
  head, tail = text:sub(1, at - 1), text:sub(at + 2)
end

function request()
  count = count + 1
  return head .. count .. tail
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\nresult %d %d %d %d %d %d\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.timeout, e.status, latency:percentile(50), latency:percentile(99)))
end
