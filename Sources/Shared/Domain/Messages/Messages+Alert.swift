extension Messages {
    static let alert: [String: Localized] = [
        "alert.R1.breach": Localized(
            vi: """
                Tài khoản {account} của {system_name} ({unit_name}) đã truy vấn {count} lượt trong \
                ngày {date}, vượt mức đăng ký {threshold} lượt/ngày lúc {time}. Chưa đến mức khóa \
                ({lock_count} lượt): đề nghị đơn vị kiểm tra người sử dụng và đăng ký bổ sung nếu là \
                nhu cầu thật.
                """,
            en: """
                Account {account} of {system_name} ({unit_name}) made {count} queries on {date}, \
                passing its registered {threshold} a day at {time}. It is below the locking level \
                ({lock_count}): ask the unit to check the user and to register more if the need is \
                real.
                """),
        "alert.R1.lock": Localized(
            vi: """
                Tài khoản {account} của {system_name} ({unit_name}) đã truy vấn {count} lượt trong \
                ngày {date}, hết {lock_breach} lần mức đăng ký {threshold} lượt/ngày, và bị khóa lúc \
                {time} {until}. Có thể do lộ mật khẩu, chương trình tự động hoặc đăng ký thiếu: xác \
                minh với đầu mối đơn vị rồi mới mở khóa hoặc cấp hạn mức bổ sung.
                """,
            en: """
                Account {account} of {system_name} ({unit_name}) made {count} queries on {date}, all \
                of {lock_breach} times its registered {threshold} a day, and was locked at {time} \
                {until}. A leaked password, a program or too low a registration may explain it: \
                check with the unit's contact before releasing or granting an allowance.
                """),
        "alert.R2.breach": Localized(
            vi: """
                Dịch vụ {service_name} của {system_name} ({unit_name}) đã dùng {count} lượt trong \
                giờ hành chính ngày {date}, vượt mức đăng ký {threshold} lượt lúc {time}. Với tốc độ \
                hiện tại sẽ đến mức khóa ({lock_count} lượt) khoảng {eta}: gọi đầu mối đơn vị ngay \
                để xác minh và quyết định có cấp hạn mức bổ sung trước khi quầy phải dừng.
                """,
            en: """
                Service {service_name} of {system_name} ({unit_name}) used {count} queries in office \
                hours on {date}, passing its registered {threshold} at {time}. At this pace it \
                reaches the locking level ({lock_count}) at about {eta}: call the unit now to \
                verify, and decide on an allowance before counters stop.
                """),
        "alert.R2.lock": Localized(
            vi: """
                Dịch vụ {service_name} của {system_name} ({unit_name}) đã dùng {count} lượt trong \
                giờ hành chính ngày {date}, hết {lock_breach} lần mức đăng ký {threshold} lượt, và \
                bị khóa lúc {time} {until}. Các quầy đang dùng dịch vụ này phải dừng: xem \
                {top_accounts} tài khoản dùng nhiều nhất, nếu chỉ do vài tài khoản thì khóa các tài \
                khoản đó và mở lại dịch vụ.
                """,
            en: """
                Service {service_name} of {system_name} ({unit_name}) used {count} queries in office \
                hours on {date}, all of {lock_breach} times its registered {threshold}, and was \
                locked at {time} {until}. Counters using it are stopped: look at the {top_accounts} \
                busiest accounts, and if a few of them explain it, lock those and release the \
                service.
                """),
        "alert.R3.breach": Localized(
            vi: """
                Dịch vụ {service_name} của {system_name} ({unit_name}) đã dùng {count} lượt ngoài \
                giờ hành chính tính từ {window_start}, vượt mức đăng ký {threshold} lượt lúc {time}. \
                Kiểm tra có thông báo chạy tiến trình tự động còn hiệu lực hay không; nếu không có, \
                hỏi đơn vị ai đang khai thác trước khi đến mức khóa ({lock_count} lượt).
                """,
            en: """
                Service {service_name} of {system_name} ({unit_name}) used {count} queries off hours \
                since {window_start}, passing its registered {threshold} at {time}. Check for a \
                valid automation notice; if there is none, ask the unit who is querying before the \
                locking level ({lock_count}).
                """),
        "alert.R3.lock": Localized(
            vi: """
                Dịch vụ {service_name} của {system_name} ({unit_name}) đã dùng {count} lượt ngoài \
                giờ hành chính tính từ {window_start}, hết {lock_breach} lần mức đăng ký {threshold} \
                lượt, và bị khóa lúc {time} {until}. Khai thác lớn ngoài giờ mà không thông báo là \
                truy vấn bất thường: yêu cầu đơn vị giải trình trước khi cho khai thác ngoài giờ trở \
                lại.
                """,
            en: """
                Service {service_name} of {system_name} ({unit_name}) used {count} queries off hours \
                since {window_start}, all of {lock_breach} times its registered {threshold}, and was \
                locked at {time} {until}. Large unannounced off-hours use is abnormal: ask the unit \
                for an explanation before off-hours use resumes.
                """),
        "alert.R3.cap": Localized(
            vi: """
                {system_name} ({unit_name}) đã dùng {count} lượt ngoài giờ hành chính tính từ \
                {window_start} trên {n} dịch vụ, hết mức tối đa {cap} lượt được phép đăng ký. Kiểm \
                tra có phương án đã thống nhất với Trung tâm hay không; nếu không có, giữ khóa đến \
                {window_end} và yêu cầu đơn vị chuyển việc sang giờ hành chính.
                """,
            en: """
                {system_name} ({unit_name}) used {count} queries off hours since {window_start} over \
                {n} services, above the {cap} that may be registered. Check for a plan agreed with \
                the Centre; if there is none, keep the lock until {window_end} and ask the unit to \
                move the work to office hours.
                """),
        "alert.R4": Localized(
            vi: """
                Từ {since}, {scope_name} truy vấn {count} lượt trong {period}, gấp {ratio} lần mức \
                thường cùng khung giờ ({expected} lượt, tính trên {baseline_days} ngày). Lượng truy \
                vấn tăng đột biến: hỏi đơn vị có đợt cao điểm hoặc dồn hồ sơ sau sự cố không; nếu \
                không giải thích được thì duyệt khóa ở phạm vi hẹp nhất.
                """,
            en: """
                Since {since}, {scope_name} made {count} queries in {period}, {ratio} times its \
                usual level for these hours ({expected}, over {baseline_days} days). This is a \
                sudden surge: ask the unit about a busy period or a backlog after an outage; if \
                nothing explains it, approve the narrowest lock.
                """),
        "alert.R5": Localized(
            vi: """
                Tài khoản {account} của {system_name} ({unit_name}) truy vấn {count} lượt từ {since} \
                đến {time}, khoảng cách đều {gap} giây (lệch {jitter} %), lần nghỉ dài nhất \
                {longest_pause}. Đây là dấu hiệu chương trình chạy tự động không có thông báo được \
                chấp thuận: đề nghị đơn vị xác nhận; nếu không xác nhận được thì duyệt khóa tài \
                khoản.
                """,
            en: """
                Account {account} of {system_name} ({unit_name}) made {count} queries from {since} \
                to {time}, evenly {gap} seconds apart (spread {jitter} %), longest pause \
                {longest_pause}. This looks like an automated program without an accepted notice: \
                ask the unit to confirm; if it cannot, approve the account lock.
                """),
        "alert.R6": Localized(
            vi: """
                {system_name} ({unit_name}) có {count} lượt ngoài giờ hành chính tính từ \
                {window_start}, gấp {ratio} lần mức thường ({expected} lượt) và cao hơn {peer_pct} % \
                đơn vị cùng nhóm, dù chưa vượt mức đăng ký {threshold}. Đơn vị cần cho biết ai làm \
                việc ngoài giờ và vì sao; nếu lặp lại quá {repeat} đêm hoặc kèm cảnh báo khác thì \
                xem xét đề xuất khóa ngoài giờ.
                """,
            en: """
                {system_name} ({unit_name}) made {count} off-hours queries since {window_start}, \
                {ratio} times its usual level ({expected}) and above {peer_pct} % of its peers, \
                though under its registered {threshold}. The unit should say who worked and why; if \
                it recurs beyond {repeat} nights or joins another alert, consider an off-hours lock.
                """),
        "alert.R7.warn": Localized(
            vi: """
                Hồ sơ kết nối của {system_name} ({unit_name}) còn thiếu {missing}; hạn hoàn thiện \
                trước ngày {deadline}, còn {days} ngày. Sau hạn này hệ thống sẽ bị khóa kết nối: gửi \
                nhắc cho người đại diện và đầu mối của đơn vị hôm nay.
                """,
            en: """
                The connection profile of {system_name} ({unit_name}) lacks {missing}; it is due \
                before {deadline}, {days} days away. After that the system will be locked: remind \
                the unit's representative and contact today.
                """),
        "alert.R7.lock": Localized(
            vi: """
                Hồ sơ kết nối của {system_name} ({unit_name}) còn thiếu {missing}, đã quá hạn {days} \
                ngày (hạn: trước ngày {deadline}). Theo Công văn 6383/CV-TCT hệ thống bị khóa kết \
                nối, tạm ngừng khai thác dịch vụ dân cư: kiểm tra văn bản đến lần cuối rồi duyệt \
                khóa, hoặc ghi nhận giấy tờ đã nhận để không khóa nhầm.
                """,
            en: """
                The connection profile of {system_name} ({unit_name}) lacks {missing}, {days} days \
                overdue (due before {deadline}). Under letter 6383/CV-TCT its connection is to be \
                locked and its use suspended: check incoming mail once more, then approve, or record \
                what has arrived so that nobody is locked by mistake.
                """),
        "alert.R7.locked": Localized(
            vi: """
                Hồ sơ kết nối của {system_name} ({unit_name}) còn thiếu {missing} sau hạn \
                {deadline}; hệ thống bị khóa kết nối từ {time} theo danh sách do {approver} duyệt. \
                Khi nhận đủ giấy tờ thì ghi nhận vào hồ sơ, kết nối được mở lại ngay: gửi thông báo \
                khóa kèm danh sách còn thiếu cho đơn vị.
                """,
            en: """
                The connection profile of {system_name} ({unit_name}) still lacks {missing} after \
                the deadline {deadline}; it is locked since {time} under the list approved by \
                {approver}. Recording the missing papers releases it at once: send the unit the lock \
                notice with what is missing.
                """),
        "alert.R7.review": Localized(
            vi: """
                Danh sách tài khoản của {system_name} ({unit_name}) rà soát lần cuối ngày \
                {last_review}, đã quá hạn định kỳ 3 tháng {days} ngày; {unused} tài khoản không có \
                truy vấn trong {unused_days} ngày. Có thể còn tài khoản của người đã chuyển công \
                tác: đề nghị đơn vị gửi lại danh sách và nhu cầu thực tế.
                """,
            en: """
                The account list of {system_name} ({unit_name}) was last reviewed on {last_review}, \
                {days} days past the 3-month term; {unused} accounts made no query in {unused_days} \
                days. Accounts of officers who left may remain: ask the unit to send its list and \
                actual needs again.
                """),
        "alert.R8.account": Localized(
            vi: """
                {system_name} ({unit_name}) gửi {count} lượt bằng {n} tài khoản ngoài danh sách đăng \
                ký từ {since} (nhiều nhất: {account}, {account_count} lượt); tất cả đã bị từ chối. \
                Thường do cán bộ mới chưa đăng ký, cũng có thể là dò tài khoản: đối chiếu với đơn vị \
                và cập nhật danh sách.
                """,
            en: """
                {system_name} ({unit_name}) sent {count} queries with {n} accounts outside its \
                registered list since {since} (most: {account}, {account_count}); all were refused. \
                New officers not yet registered are the usual cause, account guessing another: check \
                with the unit and update the list.
                """),
        "alert.R8.service": Localized(
            vi: """
                {system_name} ({unit_name}) gửi {count} lượt tới dịch vụ {service_name} chưa đăng ký \
                từ {since}; tất cả đã bị từ chối. Có thể phần mềm vừa nâng cấp hoặc dùng sai mục \
                đích đã đăng ký: yêu cầu đơn vị nêu mục đích và gửi phiếu đăng ký bổ sung nếu cần.
                """,
            en: """
                {system_name} ({unit_name}) sent {count} queries to the unregistered service \
                {service_name} since {since}; all were refused. A software upgrade or use outside \
                the registered purpose may be the cause: ask for the purpose and, if needed, an \
                additional registration.
                """),
        "alert.R8.off": Localized(
            vi: """
                {system_name} ({unit_name}) gửi {count} lượt ngoài giờ hành chính tới {n} dịch vụ không \
                đăng ký sử dụng ngoài giờ từ {since} (nhiều nhất: {service_name}); tất cả đã bị từ chối. \
                Có thể do hồ sơ giải quyết muộn hoặc tiến trình tự động chưa thông báo: hỏi đơn vị và \
                yêu cầu đăng ký bổ sung nếu là nhu cầu thật.
                """,
            en: """
                {system_name} ({unit_name}) sent {count} queries off hours to {n} services not \
                registered for off-hours use since {since} (most: {service_name}); all were refused. \
                Late work or an automated run without notice may be the cause: ask the unit, and for a \
                registration if the need is real.
                """),
        "alert.R9": Localized(
            vi: """
                Tại {system_name} ({unit_name}), {source} vượt giới hạn {limit} lượt/{period} tổng \
                cộng {times} lần từ {since}; {count} lượt phải chờ. Nếu nguồn này là máy chủ ứng \
                dụng dùng chung thì giới hạn theo IP đặt sai và phải tắt; nếu là máy trạm hoặc tài \
                khoản cá nhân thì đề nghị đơn vị kiểm tra.
                """,
            en: """
                At {system_name} ({unit_name}), {source} passed the limit of {limit} per {period} \
                {times} times since {since}; {count} queries were held back. If it is a shared \
                application server, the per-IP limit is wrong there and must be turned off; if it is \
                a workstation or a personal account, ask the unit to check it.
                """),
        "alert.R10": Localized(
            vi: """
                Tại {system_name} ({unit_name}), {count} lượt ngày {date} ghi cán bộ khác với cán bộ đã đăng ký \
                cho tài khoản (cả CCCD và mã cán bộ); số tài khoản liên quan: {n}, nhiều nhất: {accounts}. Có \
                thể tài khoản bị cho mượn, bị lộ, hoặc danh sách chưa cập nhật: đề nghị đơn vị xác minh \
                người thực tế sử dụng và gửi lại danh sách.
                """,
            en: """
                At {system_name} ({unit_name}), {count} queries on {date} named another officer than the one \
                registered for their account (neither CCCD nor officer code); accounts concerned: {n}, most: \
                {accounts}. Logins may be lent or leaked, or the list out of date: ask the unit who really \
                uses them and for an updated list.
                """),
        "alert.X1": Localized(
            vi: """
                Tài khoản {account_a} tại {unit_a} ({count_a} lượt) và tài khoản {account_b} tại \
                {unit_b} ({count_b} lượt) cùng truy vấn trong khoảng {from}–{to}; hai đăng ký \
                {person_match}. Cùng một người thì tài khoản có thể bị lộ hoặc chưa thu hồi khi \
                chuyển công tác: khóa tại nơi không còn công tác; khác người thì chỉ trùng tên đăng \
                nhập: đóng cảnh báo, không khóa theo tên trên toàn quốc.
                """,
            en: """
                Account {account_a} at {unit_a} ({count_a} queries) and account {account_b} at \
                {unit_b} ({count_b}) queried at the same time between {from} and {to}; the two \
                registrations {person_match}. If it is one person, the account may be leaked or was \
                not withdrawn after a transfer: lock it where the officer no longer works; if two, \
                only the login name coincides: close the alert and do not lock the name nationwide.
                """),
        "alert.X2": Localized(
            vi: """
                Địa chỉ {source} gửi truy vấn của {n} đơn vị ({units}), tổng {count} lượt từ \
                {since}. Có thể là máy chủ chung của nhà cung cấp phần mềm, cũng có thể là một nơi \
                chiếm dụng tài khoản của nhiều đơn vị: xác minh chủ địa chỉ với các đơn vị trước khi \
                khóa theo IP.
                """,
            en: """
                Address {source} sent queries of {n} units ({units}), {count} in all since {since}. \
                It may be a software vendor's shared server, or one place using accounts taken from \
                several units: verify who holds the address with the units before any lock by IP.
                """),
        "alert.X3": Localized(
            vi: """
                Từ {since}, {n} đơn vị cùng tăng, tổng {count} lượt, gấp {ratio} lần mức thường \
                ({expected} lượt), trong khi không đơn vị nào vượt mức đăng ký. Có thể là cao điểm \
                chung hoặc việc khai thác được chia nhỏ để tránh ngưỡng: xem lịch sự kiện và các tài \
                khoản, dịch vụ tăng nhiều nhất ({top}) trước khi đề xuất khóa.
                """,
            en: """
                Since {since}, {n} units rose together to {count} queries, {ratio} times the usual \
                level ({expected}), while none passed its registered volume. It may be a common busy \
                period or extraction split up to stay under thresholds: look at the events calendar \
                and at what rose most ({top}) before proposing a lock.
                """),
        "alert.X4": Localized(
            vi: """
                Ước tính {overlap} công dân (sai số ±{error}) được tra cứu tại cả {units} trong \
                {period}, mức trùng thường là {expected}. Nhiều nơi cùng hỏi một nhóm người có thể \
                là khai thác theo danh sách có sẵn: đề nghị các đơn vị đối chiếu nhật ký tại chỗ với \
                hồ sơ đang giải quyết.
                """,
            en: """
                About {overlap} citizens (±{error}) were looked up at all of {units} within \
                {period}, where the usual overlap is {expected}. Several places asking about one \
                group may mean extraction from a ready list: ask the units to compare their local \
                logs with files in hand.
                """),
        "alert.X5": Localized(
            vi: """
                {n} tài khoản tại {units} có cùng nhịp truy vấn {gap} giây (lệch {jitter} %) từ \
                {since}, tổng {count} lượt. Nhiều khả năng một chương trình đang dùng tài khoản của \
                nhiều đơn vị: cân nhắc khóa các tài khoản trong danh sách, không khóa cả đơn vị, và \
                hỏi nhà cung cấp phần mềm dùng chung.
                """,
            en: """
                {n} accounts at {units} keep the same rhythm of {gap} seconds (spread {jitter} %) \
                since {since}, {count} queries in all. One program is probably using accounts of \
                several units: consider locks on the listed accounts, not on whole units, and ask \
                the shared software vendor.
                """),
        "alert.X6": Localized(
            vi: """
                {scope_name} đã tra cứu khoảng {subjects} công dân khác nhau trong {period}, \
                {run_pct} % theo dãy số liền nhau, {out_pct} % đăng ký khai sinh ngoài địa bàn (mức \
                thường {expected_pct} %). Đây là dấu hiệu vét cạn dữ liệu: nếu không có phương án \
                đối khớp đã thống nhất thì duyệt khóa tài khoản ngay; riêng tỷ lệ ngoài địa bàn chưa \
                đủ để khóa.
                """,
            en: """
                {scope_name} looked up about {subjects} different citizens in {period}, {run_pct} % \
                in runs of neighbouring numbers and {out_pct} % born outside its area (usually \
                {expected_pct} %). This points to enumeration: without an agreed matching plan, \
                approve the account lock now; the share from outside alone is no ground for a lock.
                """),
        "alert.X7": Localized(
            vi: """
                {scope_name} dùng {count} lượt/{per} trong {period}, gấp {ratio} lần trung vị của \
                {peers} đơn vị cùng nhóm ({peer_median}). Đây chưa phải vi phạm: hỏi đơn vị về quy \
                trình nghiệp vụ và xem lại mức đăng ký; chỉ xử lý khi có thêm cảnh báo khác.
                """,
            en: """
                {scope_name} used {count} queries per {per} in {period}, {ratio} times the median of \
                {peers} peer units ({peer_median}). This is not a breach: ask the unit about its \
                procedure and review its registered volume; act only together with another alert.
                """),
        "alert.breaker": Localized(
            vi: """
                Trong {period} có {count} đề nghị khóa tự động tại {n} đơn vị, quá giới hạn {limit}; \
                hệ thống đã ngừng khóa tự động theo R4–R6 và X (R1–R3 vẫn áp dụng) và chuyển các \
                lệnh còn lại thành đề xuất. Khóa hàng loạt thường do số đăng ký sai hoặc sự kiện \
                chung: xem bảng đề xuất, duyệt từng lệnh ở phạm vi hẹp nhất.
                """,
            en: """
                Within {period} {count} automatic locks at {n} units came due, over the limit of \
                {limit}; automatic locking by R4–R6 and X has stopped (R1–R3 go on) and the rest are \
                proposals. Mass locks usually come from wrong registrations or a common event: \
                review the proposals one by one, narrowest scope first.
                """),
    ]
}
