-- tests/bench/programs/division.lua — division of integers: the sum of digits of numbers in bases from 2 to n.
-- Room: tests. In: n. Out: the sum.
local function digit_sum(number, base)
  local left, sum = number, 0
  while left > 0 do
    sum = sum + left % base
    left = left // base
  end
  return sum
end

local total = 0
for base = 2, tonumber(arg[1] or 20000) do
  for number = 0, 999 do total = total + digit_sum(number * 7919 + base, base) end
end
print(string.format("%d", total))
