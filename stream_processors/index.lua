-- The registry's indexes. KEYS: cards and persons. ARGV[1]: what stands for more than one. ARGV[2..]: a value for each
-- key. A key that another citizen has already (another citizen key, the first 16 bytes) becomes ambiguous.
-- Gives how many became or were so.
local shared = 0
for i = 1, #KEYS do
  local known = redis.call('GET', KEYS[i])
  if known and string.sub(known, 1, 16) ~= string.sub(ARGV[i + 1], 1, 16) then
    redis.call('SET', KEYS[i], ARGV[1])
    shared = shared + 1
  else
    redis.call('SET', KEYS[i], ARGV[i + 1])
  end
end
return shared
