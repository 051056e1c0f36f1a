-- tests/bench/programs/strings.lua — texts: n of them are put together, cut into words, replaced in, and hashed byte by byte.
-- Room: tests. In: n. Out: words of a kind, lengths, and a hash.
local byte, sub = string.byte, string.sub
local alike, letters, hash = 0, 0, 7
for round = 0, tonumber(arg[1] or 4000) - 1 do
  local parts = {}
  for i = 0, 199 do
    parts[#parts + 1] = "item"
    parts[#parts + 1] = string.format("%d", i * round % 1000)
    parts[#parts + 1] = " "
  end
  local text = table.concat(parts)
  for word in text:gmatch("[^ ]+") do
    letters = letters + #word
    if sub(word, 1, 5) == "item1" or word == "item77" then alike = alike + 1 end
  end
  letters = letters + #text:gsub("item", "x")
  for i = 1, #text do hash = (hash * 31 + byte(text, i)) % 1000003 end
end
print(string.format("%d %d %d", alike, letters, hash))
