-- The value as it stands, with the milliseconds that the key still lives.
local held = redis.call('GET', KEYS[1])
if not held or held:byte() == 65 then return false end
return {held, redis.call('PTTL', KEYS[1])}
