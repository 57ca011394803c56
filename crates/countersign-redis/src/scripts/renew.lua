-- ARGV: fence, lease in microseconds, milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, 17) ~= 'P' .. ARGV[1] then return 0 end
local time = redis.call('TIME')
local lease = time[1] * 1000000 + time[2] + ARGV[2] - ARGV[1]
redis.call('SET', KEYS[1], string.format('%s%.0f', held:sub(1, 33), lease), 'PX', ARGV[3])
return 1
