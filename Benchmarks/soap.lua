-- wrk: SOAP queries of 1,000 accounts × 3 services, random subjects.
local services = { "TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh" }
local body = [[<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:dan="http://dancuquocgia.bca">
  <soapenv:Header/>
  <soapenv:Body>
    <dan:%s>
      <dan:MaYeuCau>BENCH-%08d</dan:MaYeuCau>
      <dan:MaDVC>VPCP</dan:MaDVC>
      <dan:MaTichHop>037</dan:MaTichHop>
      <dan:MaCanBo>000000000001</dan:MaCanBo>
      <dan:MaDonVi>H29</dan:MaDonVi>
      <dan:TaiKhoan>canbo%d</dan:TaiKhoan>
      <dan:SoDienThoai>0000000001</dan:SoDienThoai>
      <dan:SoDinhDanh>000099%06d</dan:SoDinhDanh>
      <dan:HoVaTen>NGUYENVANMAU</dan:HoVaTen>
      <dan:NgayThangNamSinh><dan:NgayThangNam>19990101</dan:NgayThangNam></dan:NgayThangNamSinh>
    </dan:%s>
  </soapenv:Body>
</soapenv:Envelope>
]]
local requests, at = {}, 0

function init(_)
    math.randomseed(tonumber(os.getenv("SEED")))
    for i = 1, 4096 do
        local service = services[math.random(3)]
        requests[i] = wrk.format("POST", "/npd/H29.bench", {
            ["Content-Type"] = "text/xml; charset=utf-8", ["SOAPAction"] = '""',
        }, body:format(service, i, math.random(0, 999), math.random(0, 999999), service))
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
