-- Claims: what each document last said, and what each number was answered. KEYS: document ids, in order of arrival.
-- ARGV[1]: for each key 40 bytes: version (8, big endian), content (16), number (8), date (4), seconds to live (4).
-- A claim that lives longer already (a live one, met by a backfill) keeps its time.
-- Claim: version 8, content 16, number 8, outcome 1, date 4, then up to 16 times (number 8, outcome 1), newest first.
-- Answer for each key: outcome 1, date 4. Outcomes: a accepted, m amended, s amended but superseded, d duplicate.
local out = {}
local asked = ARGV[1]
for i = 1, #KEYS do
  local at = (i - 1) * 40
  local version = string.sub(asked, at + 1, at + 8)
  local content = string.sub(asked, at + 9, at + 24)
  local number = string.sub(asked, at + 25, at + 32)
  local date = string.sub(asked, at + 33, at + 36)
  local ttl = struct.unpack('>I4', string.sub(asked, at + 37, at + 40))
  local claim = redis.call('GET', KEYS[i])
  local outcome
  if not claim then
    outcome = 'a'
    claim = version .. content .. number .. outcome .. date
  else
    date = string.sub(claim, 34, 37)
    local others = string.sub(claim, 38)
    if string.sub(claim, 25, 32) == number then
      outcome = string.sub(claim, 33, 33)
    else
      for j = 1, #others, 9 do
        if string.sub(others, j, j + 7) == number then outcome = string.sub(others, j + 8, j + 8) break end
      end
    end
    if not outcome then
      local high, low = struct.unpack('>I4I4', version)
      local current_high, current_low = struct.unpack('>I4I4', claim)
      local newer = high > current_high or (high == current_high and low > current_low)
      if string.sub(claim, 9, 24) == content then
        outcome = 'd'
        -- Said again later: what lies between is outdated when it comes late. The number that brought it stays.
        local said = newer and version or string.sub(claim, 1, 8)
        claim = said .. string.sub(claim, 9, 37) .. string.sub(number .. outcome .. others, 1, 144)
      elseif newer then
        outcome = 'm'
        local before = string.sub(claim, 25, 33)
        claim = version .. content .. number .. outcome .. date .. string.sub(before .. others, 1, 144)
      else
        outcome = 's'
        claim = string.sub(claim, 1, 37) .. string.sub(number .. outcome .. others, 1, 144)
      end
    end
  end
  if outcome ~= 'a' then ttl = math.max(ttl, redis.call('TTL', KEYS[i])) end
  redis.call('SET', KEYS[i], claim, 'EX', ttl)
  out[i] = outcome .. date
end
return table.concat(out)
