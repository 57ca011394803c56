-- Counts one page of a node's keys by their state, without sending the values to the client.
--
-- ARGV[1]: the cursor.
-- ARGV[2]: the prefix of the store's keys.
-- ARGV[3]: about how many keys to read.
-- ARGV[4]: the milliseconds that a key of a claim outlives its lease.
--
-- Returns the next cursor, the keys read, in progress, with an expired lease, the milliseconds since
-- the first of those leases expired, handled, released, and all keys of the node.
local page = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[3])
local progress, lease_expired, oldest, handled, absent = 0, 0, 0, 0, 0
for _, key in ipairs(page[2]) do
  if key:sub(1, #ARGV[2]) == ARGV[2] then
    local current = redis.call('GET', key)
    local state = current and current:sub(1, 1)
    if state == 'D' then handled = handled + 1 end
    if state == 'A' then absent = absent + 1 end
    if state == 'P' then
      progress = progress + 1
      local late = ARGV[4] - redis.call('PTTL', key)
      if late >= 0 then
        lease_expired = lease_expired + 1
        if late > oldest then oldest = late end
      end
    end
  end
end
return {page[1], #page[2], progress, lease_expired, oldest, handled, absent, redis.call('DBSIZE')}
