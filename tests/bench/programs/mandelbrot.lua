-- tests/bench/programs/mandelbrot.lua — arithmetic of floats: iterations over a picture of n by n points.
-- Room: tests. In: n. Out: points inside, and the iterations of all.
local n = tonumber(arg[1] or 900)
local inside, total = 0, 0
for row = 0, n - 1 do
  local ci = 2.0 * row / n - 1.0
  for column = 0, n - 1 do
    local cr = 2.0 * column / n - 1.5
    local zr, zi, left = 0.0, 0.0, 100
    while left > 0 do
      local rr, ii = zr * zr, zi * zi
      if rr + ii > 4.0 then break end
      zi = 2.0 * zr * zi + ci
      zr = rr - ii + cr
      left = left - 1
    end
    if left == 0 then inside = inside + 1 end
    total = total + 100 - left
  end
end
print(string.format("%d %d", inside, total))
