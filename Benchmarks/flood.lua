-- wrk: half the queries from made-up accounts and addresses, each of them new; half from 1,000 registered accounts.
-- Prints how many were answered 204. FIRST: what former runs asked, so that no name comes again.
local number, threads = 0, {}
allowed = 0

function setup(thread)
    table.insert(threads, thread)
end

function init(_)
    number = tonumber(os.getenv("FIRST"))
end

function request()
    number = number + 1
    local account = number % 2 == 0 and "gia" .. number or "canbo" .. (number * 7919 % 1000)
    return wrk.format("GET", "/", {
        ["X-Chot-Account"] = account,
        ["X-Chot-Service"] = "TraCuuThongTinCongDan",
        ["X-Real-IP"] = string.format("10.%d.%d.%d", math.floor(number / 65536) % 256,
            math.floor(number / 256) % 256, number % 256),
    })
end

function response(status)
    if status == 204 then
        allowed = allowed + 1
    end
end

function done()
    local total = 0
    for _, thread in ipairs(threads) do
        total = total + thread:get("allowed")
    end
    print("allowed " .. total)
end
