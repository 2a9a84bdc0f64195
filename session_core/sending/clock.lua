-- The clock by which the limits count: put before the scripts that use it.
-- KEYS: the user's memory mark, then one sorted set a rule, then one hash a rule.
-- ARGV: machine, its uptime (ms), lease (ms), window (ms), life of what is remembered (ms), then what the script wants.
--
-- Times are the server's, and its clock jumps when it is set. So whoever asks tells for how long their machine has been
-- up: the difference of the two stays the same, and each set keeps it, machine by machine. Where it changes, the clock
-- jumped. Forwards, every time moves along, so that what was sent keeps its age. Back, what was sent counts from now on:
-- too long rather than too short, and for one window at most. An answer that was long under way looks like a small jump
-- forwards; that errs on the safe side, too. A machine that was not seen before, or was started anew, knows nothing.
local JUMP = 2000
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local machine, since_boot = ARGV[1], now - tonumber(ARGV[2])
local lease, window, life = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local rules = (#KEYS - 1) / 2

local function move(set, jumped)
  local entries = redis.call('ZRANGE', set, 0, -1, 'WITHSCORES')
  for j = 1, #entries, 2 do
    local at = tonumber(entries[j + 1])
    if at > now - jumped then
      at = math.min(at + jumped, now + lease) -- it is under way
    else
      at = math.min(at + math.max(0, jumped), now)
    end
    redis.call('ZADD', set, at, entries[j])
  end
end

-- The user's own set comes last: the memory mark goes by its clock.
local jumped = 0
for i = 2, rules + 1 do
  local clock = KEYS[i + rules]
  local known = tonumber(redis.call('HGET', clock, machine) or since_boot)
  jumped = since_boot - known
  if math.abs(jumped) > JUMP then
    move(KEYS[i], jumped)
    -- The other machines see the same jump, and it is dealt with.
    local others = redis.call('HGETALL', clock)
    for j = 1, #others, 2 do
      redis.call('HSET', clock, others[j], string.format('%.0f', others[j + 1] + jumped))
    end
  else
    jumped = 0
    -- The way here only makes it greater, so the least of them is the truest.
    redis.call('HSET', clock, machine, string.format('%.0f', math.min(known, since_boot)))
  end
  redis.call('PEXPIRE', clock, life)
end
local not_before = tonumber(redis.call('GET', KEYS[1]) or '-1')
if jumped ~= 0 and not_before > math.min(now, now - jumped) then
  -- What was over by then is over.
  not_before = not_before > now - jumped and not_before + jumped or now
  redis.call('SET', KEYS[1], string.format('%.0f', not_before), 'KEEPTTL')
end
