-- tests/bench/programs/sieve.lua — truth values in a vector: primes below a million, n times.
-- Room: tests. In: n. Out: how many there are, all times together.
local function count_primes(limit)
  local prime = {}
  for i = 1, limit - 1 do prime[i] = true end
  local found = 0
  for i = 2, limit - 1 do
    if prime[i] then
      found = found + 1
      for multiple = i * i, limit - 1, i do prime[multiple] = false end
    end
  end
  return found
end

local total = 0
for round = 0, tonumber(arg[1] or 40) - 1 do total = total + count_primes(1000000 - round) end
print(string.format("%d", total))
