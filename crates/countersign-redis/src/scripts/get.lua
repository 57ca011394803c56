-- The value as it stands, with the milliseconds that the key still lives and the microseconds that a
-- lease still runs.
local held = redis.call('GET', KEYS[1])
if not held or held:byte() == 65 then return false end
if held:byte() == 68 then return {held, redis.call('PTTL', KEYS[1]) * 1000} end
local time = redis.call('TIME')
return {held, held:sub(2, 17) + held:sub(34) - (time[1] * 1000000 + time[2])}
