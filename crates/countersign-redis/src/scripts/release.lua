-- Releases a claim, and keeps its fencing token. Returns 1 if the fencing token is current, otherwise 0.
--
-- ARGV[1]: the fencing token.
-- ARGV[2]: the lifetime of the key in milliseconds.
local current = redis.call('GET', KEYS[1])
if not current or current:sub(1, 17) ~= 'P' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'A' .. ARGV[1], 'PX', ARGV[2])
return 1
