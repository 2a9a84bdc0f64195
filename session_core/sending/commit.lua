-- The message is out: from now on its entry counts for one window.
-- KEYS: one sorted set a rule. ARGV: member, window (ms), lease (ms).
-- Without XX: when the server lost its data in the meantime, this send counts all the same.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[i], tonumber(ARGV[2]) + tonumber(ARGV[3]) + 1000)
end
return 1
