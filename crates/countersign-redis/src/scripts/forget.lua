-- ARGV: milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
if not held or held:byte() == 65 then return 0 end
redis.call('SET', KEYS[1], 'A' .. held:sub(2, 17), 'PX', ARGV[1])
return 1
