-- Returns the value of a known event and the milliseconds until its key expires, otherwise false.
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, 1) == 'A' then return false end
return {held, redis.call('PTTL', KEYS[1])}
