-- tests/bench/programs/json.lua — a text is read into a tree and written again, n times.
-- Room: tests. In: n. Out: bytes written, and the sum of all numbers.
local byte, char, concat = string.byte, string.char, table.concat
local NULL = {}
local text, at

local function blanks()
  local b = byte(text, at)
  while b == 32 or b == 10 do
    at = at + 1
    b = byte(text, at)
  end
end

local function is_next(wanted)
  blanks()
  if byte(text, at) ~= wanted then return false end
  at = at + 1
  return true
end

local function read_text()
  local out = {}
  at = at + 1
  local b = byte(text, at)
  while b ~= 34 do
    if b == 92 then
      at = at + 1
      b = byte(text, at)
    end
    out[#out + 1] = char(b)
    at = at + 1
    b = byte(text, at)
  end
  at = at + 1
  return concat(out)
end

local function digits()
  local value = 0.0
  local b = byte(text, at)
  while b and b >= 48 and b <= 57 do
    value = value * 10.0 + (b - 48)
    at = at + 1
    b = byte(text, at)
  end
  return value
end

local function read_number()
  local negative = is_next(45)
  local value = digits()
  if byte(text, at) == 46 then
    at = at + 1
    local from = at
    local fraction = digits()
    for _ = from, at - 1 do fraction = fraction / 10.0 end
    value = value + fraction
  end
  return negative and -value or value
end

local function read_value()
  blanks()
  local b = byte(text, at)
  if b == 110 then
    at = at + 4
    return NULL
  elseif b == 116 then
    at = at + 4
    return true
  elseif b == 102 then
    at = at + 5
    return false
  elseif b == 34 then
    return read_text()
  elseif b == 91 then
    at = at + 1
    local items = {}
    while not is_next(93) do
      items[#items + 1] = read_value()
      is_next(44)
    end
    return items
  elseif b == 123 then
    at = at + 1
    local names, values = {}, {}
    while not is_next(125) do
      names[#names + 1] = read_text()
      is_next(58)
      values[#values + 1] = read_value()
      if is_next(44) then blanks() end
    end
    return {names = names, values = values}
  end
  return read_number()
end

local function write_text(t, out)
  out[#out + 1] = '"'
  for i = 1, #t do
    local b = byte(t, i)
    if b == 34 or b == 92 then out[#out + 1] = "\\" end
    out[#out + 1] = char(b)
  end
  out[#out + 1] = '"'
end

local function write_value(v, out)
  local kind = type(v)
  if v == NULL then
    out[#out + 1] = "null"
  elseif kind == "boolean" then
    out[#out + 1] = v and "true" or "false"
  elseif kind == "number" then
    out[#out + 1] = string.format("%d", v * 100)
  elseif kind == "string" then
    write_text(v, out)
  elseif v.names then
    out[#out + 1] = "{"
    for i = 1, #v.names do
      if i > 1 then out[#out + 1] = "," end
      write_text(v.names[i], out)
      out[#out + 1] = ":"
      write_value(v.values[i], out)
    end
    out[#out + 1] = "}"
  else
    out[#out + 1] = "["
    for i = 1, #v do
      if i > 1 then out[#out + 1] = "," end
      write_value(v[i], out)
    end
    out[#out + 1] = "]"
  end
end

local function sum_of(v)
  if type(v) == "number" then return v end
  if type(v) ~= "table" then return 0.0 end
  local sum, items = 0.0, v.values or v
  for i = 1, #items do sum = sum + sum_of(items[i]) end
  return sum
end

local function example()
  local out = {}
  for i = 0, 199 do
    out[#out + 1] = string.format('{"id": %d, "name": "number \\"%d\\"", "price": %d.25, "tags": ["a", "bc", "def"], ', i, i * 7, i)
      .. string.format('"box": {"left": %d, "right": %d, "open": true}, "next": null}', -i, i * 3)
  end
  return "[" .. concat(out, ",\n") .. "]"
end

text = example()
local written, sum = 0, 0.0
for _ = 1, tonumber(arg[1] or 300) do
  at = 1
  local value = read_value()
  sum = sum + sum_of(value)
  local out = {}
  write_value(value, out)
  written = written + #concat(out)
end
print(string.format("%d %.2f", written, sum))
