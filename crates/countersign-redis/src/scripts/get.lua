-- Returns the value of a known event and the milliseconds until its key expires, otherwise false.
local current = redis.call('GET', KEYS[1])
if not current or current:sub(1, 1) == 'A' then return false end
return {current, redis.call('PTTL', KEYS[1])}
