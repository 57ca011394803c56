-- ARGV: fence, milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, 17) ~= 'P' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'A' .. ARGV[1], 'PX', ARGV[2])
return 1
