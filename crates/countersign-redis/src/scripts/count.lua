-- ARGV: cursor, prefix, keys to look at, milliseconds that a key still lives as its lease ends.
-- One page of a node's keys, counted where they are.
local page = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[3])
local progress, lease_expired, longest, done, absent = 0, 0, 0, 0, 0
for _, key in ipairs(page[2]) do
  if key:sub(1, #ARGV[2]) == ARGV[2] then
    local held = redis.call('GET', key)
    local state = held and held:byte()
    if state == 68 then done = done + 1 end
    if state == 65 then absent = absent + 1 end
    if state == 80 then
      progress = progress + 1
      local late = ARGV[4] - redis.call('PTTL', key)
      if late >= 0 then
        lease_expired = lease_expired + 1
        if late > longest then longest = late end
      end
    end
  end
end
return {page[1], #page[2], progress, lease_expired, longest, done, absent, redis.call('DBSIZE')}
