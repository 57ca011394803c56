-- ARGV: fence, what the event becomes (D, or A where nothing is retained), milliseconds to keep the key.
local held = redis.call('GET', KEYS[1])
if not held or held:sub(2, 17) ~= ARGV[1] then return 0 end
local state = held:byte()
if state == 68 then return 1 end
if state ~= 80 then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ARGV[1] .. held:sub(18, 33), 'PX', ARGV[3])
return 1
