-- Marks an event as handled. Returns 1 if the fencing token is current, otherwise 0.
--
-- ARGV[1]: the fencing token.
-- ARGV[2]: the new state: `D`, or `A` if the retention is zero.
-- ARGV[3]: the lifetime of the key in milliseconds.
local current = redis.call('GET', KEYS[1])
if not current or current:sub(2, 17) ~= ARGV[1] then return 0 end
local state = current:sub(1, 1)
-- A repeated commit changes nothing, so the retention does not grow.
if state == 'D' then return 1 end
if state ~= 'P' then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ARGV[1] .. current:sub(18, 33), 'PX', ARGV[3])
return 1
