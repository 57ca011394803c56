-- Forgets an event, and keeps its fencing token. Returns 1 if the event was known, otherwise 0.
--
-- ARGV[1]: the lifetime of the key in milliseconds.
local current = redis.call('GET', KEYS[1])
if not current or current:sub(1, 1) == 'A' then return 0 end
redis.call('SET', KEYS[1], 'A' .. current:sub(2, 17), 'PX', ARGV[1])
return 1
