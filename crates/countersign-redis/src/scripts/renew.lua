-- ARGV: fence, milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, 17) ~= 'P' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
