-- ARGV: what the event becomes, milliseconds to keep the key: the lease and a day.
-- A new event takes one command. Where no fence is proposed, it is the server's time.
local value, held = ARGV[1]
local proposed = #value == 33
if proposed then
  local set = redis.pcall('SET', KEYS[1], value, 'NX', 'PX', ARGV[2])
  if set and set.ok then return 1 end
  held = redis.call('GET', KEYS[1])
  -- The server rejects to write; what it holds it still tells.
  if not held then return set end
else
  held = redis.call('GET', KEYS[1])
end
local state, granted = held and held:byte(), 'N'
if state == 68 then return held end
if state == 80 then
  local left = redis.call('PTTL', KEYS[1]) - 86400000
  if left > 0 then return string.format('B%.0f', left) end
  granted = 'T'
elseif state == 65 then
  granted = 'A'
elseif held then
  return 'X'
end
local fence = value:sub(2, 17)
if not proposed then
  local time = redis.call('TIME')
  fence = time[1] .. ('00000' .. time[2]):sub(-6)
  if #fence ~= 16 then return redis.error_reply("ERR the server's clock is wrong by decades") end
end
if held and fence <= held:sub(2, 17) then
  fence = string.format('%016.0f', held:sub(2, 17) + 1)
end
redis.call('SET', KEYS[1], 'P' .. fence .. value:sub(-16), 'PX', ARGV[2])
return granted .. fence
