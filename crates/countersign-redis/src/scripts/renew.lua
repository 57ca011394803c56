-- Renews the lease of a claim. Returns 1 if the fencing token is current, otherwise 0.
--
-- ARGV[1]: the fencing token.
-- ARGV[2]: the lifetime of the key in milliseconds.
local current = redis.call('GET', KEYS[1])
if not current or current:sub(1, 17) ~= 'P' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
