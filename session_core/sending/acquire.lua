-- Reserve one send under every rule at once, or under none. Begins with clock.lua.
-- ARGV[6...]: member, member of the try before ("" when there was none), then one limit a rule.
-- Returns {1, 0, 0}: reserved. {0, wait, rule}: not before so many ms, because of that rule (from 1; 0: the memory was
-- lost). {-1, 0, 0}: the memory is gone, see learn.lua.
--
-- An entry counts as "now" from its grant until its commit (its score lies in the future), and for one window from then.
-- Take any limit + 1 sends inside one window and look at the one that was granted last: the others were under way or
-- committed less than a window ago, so it would have been refused. The server's clock is the only one in use.
if not_before < 0 then return {-1, 0, 0} end
local member, previous = ARGV[6], ARGV[7]

-- The server's clock was set back, and nobody saw it, where a time lies further ahead than any that is written: it
-- counts from now on, or it would count for as long as the clock was wrong.
if not_before > now + lease + window then
  not_before = now + window
  redis.call('SET', KEYS[1], not_before)
end
local wait, rule = math.max(0, not_before - now), 0
for i = 2, rules + 1 do
  for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[i], '(' .. (now + lease), '+inf')) do
    redis.call('ZADD', KEYS[i], now, ahead)
  end
  -- "(": what was sent exactly one window ago still counts; milliseconds are cut off, never rounded up.
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. (now - window))
  -- A later try of the same message takes the place of the try before: one message, one send.
  local has_place = redis.call('ZSCORE', KEYS[i], member) or (previous ~= '' and redis.call('ZSCORE', KEYS[i], previous))
  if not has_place then
    local limit = tonumber(ARGV[i + 6])
    local count = redis.call('ZCARD', KEYS[i])
    if count >= limit then
      local entry = redis.call('ZRANGE', KEYS[i], count - limit, count - limit, 'WITHSCORES')
      local free_in = entry[2] + window + 1 - now
      -- It is under way: it may be given back at any time, so look again soon.
      if tonumber(entry[2]) > now then free_in = math.min(free_in, 1000) end
      if free_in > wait then wait, rule = free_in, i - 1 end
    end
  end
end
redis.call('PEXPIRE', KEYS[1], life)
if wait > 0 then return {0, math.ceil(wait), rule} end

for i = 2, rules + 1 do
  if previous ~= '' then redis.call('ZREM', KEYS[i], previous) end
  redis.call('ZADD', KEYS[i], now + lease, member)
  -- For long: by a clock that jumps ahead the server would forget what has just been sent.
  redis.call('PEXPIRE', KEYS[i], life)
end
return {1, 0, 0}
