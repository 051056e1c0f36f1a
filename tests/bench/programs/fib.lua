-- tests/bench/programs/fib.lua — calls: the n-th Fibonacci number by plain recursion.
-- Room: tests. In: n. Out: the number.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(string.format("%d", fib(tonumber(arg[1] or 38))))
