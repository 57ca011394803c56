-- Claims an event, in one command if the event is new and a fencing token is proposed.
--
-- ARGV[1]: the value of the claim: `P`, the proposed fencing token if there is one, the fingerprint.
-- ARGV[2]: the lifetime of the key in milliseconds.
-- ARGV[3]: how much of it follows the end of the lease, in milliseconds.
--
-- Returns 1 if the event was new and has the proposed fencing token, otherwise a letter and a text:
--   N, A, T and the fencing token: claimed; the event was new, released, or its lease had expired
--   B and the milliseconds that are left of the lease: in progress
--   D and the rest of the value: handled
--   X: the key holds a value that this store does not write
local value, current = ARGV[1]
local proposed = #value == 33
if proposed then
  local set = redis.pcall('SET', KEYS[1], value, 'NX', 'PX', ARGV[2])
  if set and set.ok then return 1 end
  current = redis.call('GET', KEYS[1])
  -- At its `maxmemory` the server rejects writes and still serves reads.
  if not current then return set end
else
  current = redis.call('GET', KEYS[1])
end
local state, granted = current and current:sub(1, 1), 'N'
if state == 'D' then return current end
if state == 'P' then
  local left = redis.call('PTTL', KEYS[1]) - ARGV[3]
  if left > 0 then return string.format('B%.0f', left) end
  granted = 'T'
elseif state == 'A' then
  granted = 'A'
elseif current then
  return 'X'
end
-- Without a proposed fencing token it is the server's time in microseconds.
local token = value:sub(2, 17)
if not proposed then
  local time = redis.call('TIME')
  token = time[1] .. ('00000' .. time[2]):sub(-6)
  if #token ~= 16 then return redis.error_reply("ERR the server's clock is wrong by decades") end
end
-- Fencing tokens of one event only rise, even if the server's clock was set back.
if current and token <= current:sub(2, 17) then
  token = string.format('%016.0f', current:sub(2, 17) + 1)
end
redis.call('SET', KEYS[1], 'P' .. token .. value:sub(-16), 'PX', ARGV[2])
return granted .. token
