-- Begin to remember a user's sends; refuse all of them for `hold` ms first. Whoever comes second changes nothing.
-- KEYS: the memory mark. ARGV: hold (ms), life of the mark (ms).
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', KEYS[1], now + tonumber(ARGV[1]), 'NX', 'PX', ARGV[2])
return 1
