-- The store refused a document: the claim forgets its content, so that the hospital's resend is no duplicate, and its
-- version, so that it supersedes nothing (the current table decides by version anyway).
-- KEYS: documents. ARGV[1]: for each key the 8 bytes of the refused number. A claim that another number has taken
-- since is left alone. Gives how many were changed; the time to live stays.
local changed = 0
for i = 1, #KEYS do
  local claim = redis.call('GET', KEYS[i])
  if claim and string.sub(claim, 25, 32) == string.sub(ARGV[1], (i - 1) * 8 + 1, i * 8) then
    redis.call('SETRANGE', KEYS[i], 0, string.rep('\0', 24))
    changed = changed + 1
  end
end
return changed
