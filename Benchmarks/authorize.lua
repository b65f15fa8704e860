-- wrk: header-mode queries of 10,000 accounts × 3 services from 1,000 addresses, random subjects.
local services = { "TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh" }
local requests, at = {}, 0

function init(_)
    math.randomseed(tonumber(os.getenv("SEED")))
    for i = 1, 16384 do
        local source = math.random(0, 999)
        requests[i] = wrk.format("GET", "/", {
            ["X-Chot-Account"] = "canbo" .. math.random(0, 9999),
            ["X-Chot-Service"] = services[math.random(3)],
            ["X-Chot-Subject"] = string.format("000099%06d", math.random(0, 999999)),
            ["X-Real-IP"] = string.format("10.0.%d.%d", math.floor(source / 250), source % 250 + 1),
        })
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
