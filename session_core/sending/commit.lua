-- The message is out: from now on its entry counts for one window. Begins with clock.lua. ARGV[6]: member.
-- Without XX: when the server lost its data in the meantime, this send counts all the same.
for i = 2, rules + 1 do
  redis.call('ZADD', KEYS[i], now, ARGV[6])
  redis.call('PEXPIRE', KEYS[i], life)
end
return 1
