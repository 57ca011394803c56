-- ARGV: lease in microseconds, fingerprint, milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
local state = held and held:byte()
if state == 68 then return held end
local time = redis.call('TIME')
local fence, lease, granted = time[1] .. ('00000' .. time[2]):sub(-6), ARGV[1], 'N'
if #fence ~= 16 then return redis.error_reply("ERR the server's clock is wrong by decades") end
if held then
  local now, last = tonumber(fence), tonumber(held:sub(2, 17))
  if state == 80 then
    local left = last + held:sub(34) - now
    if left > 0 then return string.format('B%.0f', left) end
    granted = 'T'
  elseif state ~= 65 then
    return 'X'
  end
  if now <= last then
    fence = string.format('%016.0f', last + 1)
    lease = string.format('%.0f', now + lease - (last + 1))
  end
end
redis.call('SET', KEYS[1], 'P' .. fence .. ARGV[2] .. lease, 'PX', ARGV[3])
return granted .. fence
