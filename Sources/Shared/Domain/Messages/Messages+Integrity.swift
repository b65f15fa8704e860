extension Messages {
    /// I1–I3: whether the counts are complete, and who vouches for them.
    static let integrity: [String: Localized] = [
        "alert.I3.silent": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) mất liên lạc từ {since}; số liệu \
                chỉ đầy đủ đến {complete_to}. Chưa phải dấu hiệu vi phạm: gọi quản trị hệ thống kiểm \
                tra mạng, nguồn điện và dịch vụ chot-agent; không kết luận về lượt truy vấn sau thời \
                điểm đó.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) has been silent since {since}; figures \
                are complete only to {complete_to}. This is no sign of wrongdoing: call the \
                administrator to check network, power and the chot-agent service, and conclude \
                nothing about queries after that time.
                """),
        "alert.I3.none": Localized(
            vi: """
                {system_name} ({unit_name}) không có điểm chốt nào từ {since}: lượt truy vấn của hệ \
                thống này không được đếm và lệnh khóa không có nơi thi hành. Yêu cầu đơn vị cài đặt, \
                ghi danh chot-agent; nếu hệ thống đã ngừng truy vấn thì cập nhật danh sách đăng ký.
                """,
            en: """
                {system_name} ({unit_name}) has had no agent since {since}: its queries are not \
                counted and no lock is enforced there. Have the unit install and enrol chot-agent; \
                if the system no longer queries, update the registration.
                """),
        "alert.I3.propose": Localized(
            vi: """
                Đề nghị xem xét khóa kết nối của {system_name} ({unit_name}) tại cửa ngõ Cơ sở dữ \
                liệu quốc gia về dân cư: không có điểm chốt nào của hệ thống liên lạc từ {since}.
                """,
            en: """
                Consider locking the connection of {system_name} ({unit_name}) at the population \
                database's own edge: no agent of the system has been heard since {since}.
                """),
        "alert.I1.gap": Localized(
            vi: """
                Thiếu bảng kê của điểm chốt {agent} trong khoảng {from}–{to}. Tổng của {system_name} \
                trong khoảng này chưa đầy đủ: yêu cầu gửi lại từ điểm chốt; nếu máy đã cài lại thì lập \
                biên bản nguyên nhân.
                """,
            en: """
                Summaries of agent {agent} are missing for {from}–{to}. Totals of {system_name} for \
                that time are incomplete: have the agent resend; if the machine was reinstalled, \
                record the cause in minutes.
                """),
        "alert.I1.chain": Localized(
            vi: """
                Bảng kê số {seq} của điểm chốt {agent} không nối đúng với bảng kê trước (hoặc chữ ký \
                không hợp lệ) lúc {time} và không được tính vào tổng. Có thể máy được khôi phục từ \
                bản sao cũ hoặc số liệu bị can thiệp: giữ nguyên máy, không cài lại, và liên hệ bộ \
                phận an ninh, an toàn của Trung tâm.
                """,
            en: """
                Summary {seq} of agent {agent} does not continue the one before it (or its signature \
                is invalid) at {time} and was not counted. The machine may have been restored from \
                an old copy, or data tampered with: leave the machine as it is and call the Centre's \
                security contact.
                """),
        "alert.I1.line": Localized(
            vi: """
                Điểm chốt {agent} gửi dữ liệu không đọc được như một bảng kê ({problem}) lúc {time}; \
                phần này không được tính. Thường do phiên bản chương trình không tương thích hoặc phần \
                mềm khác dùng khóa của điểm chốt: kiểm tra phiên bản với quản trị hệ thống, nếu lặp \
                lại thì thu hồi khóa.
                """,
            en: """
                Agent {agent} sent something that cannot be taken as a summary ({problem}) at {time}; \
                nothing of it was counted. Usually a program's version does not fit, or other software \
                uses the agent's key: check the version with the administrator, and revoke the key if \
                it goes on.
                """),
        "alert.I1.replay": Localized(
            vi: """
                Điểm chốt {agent} gửi lại {count} bảng kê đã nhận (số {seq_from}–{seq_to}) lúc \
                {time}; không có lượt nào bị tính hai lần. Thường xảy ra sau khi mất mạng; nếu lặp \
                lại từ địa chỉ lạ thì thu hồi khóa của điểm chốt và ghi danh lại.
                """,
            en: """
                Agent {agent} resent {count} summaries already received (numbers \
                {seq_from}–{seq_to}) at {time}; nothing was counted twice. This is usual after a \
                network cut; if it recurs from an unknown address, revoke the agent's key \
                and enrol it again.
                """),
        "alert.I1.clock": Localized(
            vi: """
                Đồng hồ của điểm chốt {agent} lệch {skew} giây so với máy chủ tổng hợp lúc {time}. \
                Lượt truy vấn quanh mốc 07h00, 18h00, 24h00 có thể ghi sai khung giờ: yêu cầu quản \
                trị hệ thống đồng bộ thời gian (NTP); không khóa dựa trên riêng số liệu này.
                """,
            en: """
                The clock of agent {agent} is {skew} seconds off the collector at {time}. Queries \
                near 07:00, 18:00 and midnight may fall in the wrong window: have the administrator \
                fix NTP, and lock nobody on these figures alone.
                """),
        "alert.I1.centre": Localized(
            vi: """
                Đồng hồ của máy chủ tổng hợp lệch {skew} giây so với giờ đang dùng lúc {time}. Cho \
                đến khi các điểm chốt hoặc cán bộ trực xác nhận giờ, không lệnh khóa nào hết hạn, \
                không số liệu nào bị xóa và khóa ngày không được thay. Kiểm tra dịch vụ đồng bộ thời \
                gian (NTP) của máy chủ; nếu giờ của máy đã đúng, chạy: chot-collector clock accept.
                """,
            en: """
                The clock of the collector was {skew} seconds off the time in use at {time}. Until \
                agents or staff confirm the time no lock ends, nothing is deleted and no key of the \
                day changes. Check the time service (NTP) of the machine; where its clock is right, \
                run: chot-collector clock accept.
                """),
        "alert.I1.centre.start": Localized(
            vi: """
                Máy chủ tổng hợp khởi động lúc {time} và chưa ai xác nhận giờ của máy. Cho đến khi \
                các điểm chốt hoặc cán bộ trực xác nhận, không lệnh khóa nào hết hạn và không số \
                liệu nào bị xóa. Nếu giờ của máy đúng, chạy: chot-collector clock accept.
                """,
            en: """
                The collector started at {time} and nobody has confirmed its machine's clock yet. \
                Until agents or staff do, no lock ends and nothing is deleted. Where the clock is \
                right, run: chot-collector clock accept.
                """),
        "alert.I1.centre.wrong": Localized(
            vi: """
                Đồng hồ của máy chủ tổng hợp sai {skew} giây: điểm chốt của {units} đơn vị cùng xác \
                nhận giờ đang dùng ({time}). Số liệu và lệnh khóa theo giờ đang dùng, không theo đồng \
                hồ của máy: sửa dịch vụ đồng bộ thời gian (NTP) của máy chủ.
                """,
            en: """
                The clock of the collector is {skew} seconds wrong: agents of {units} units agree on \
                the time in use ({time}). Counts and locks go by the time in use, not by the \
                machine's clock: mend the time service (NTP) of the machine.
                """),
        "alert.I1.key": Localized(
            vi: """
                Điểm chốt {agent} dùng khóa đã thu hồi ngày {revoked_at} để gửi {count} bảng kê lúc \
                {time}; tất cả bị từ chối. Có thể máy cũ còn chạy sau khi thay hoặc khóa bị lộ: xác \
                định máy đang gửi và tắt máy đó.
                """,
            en: """
                Agent {agent} sent {count} summaries at {time} with a key revoked on {revoked_at}; \
                all were refused. An old machine may still run, or the key leaked: find the machine \
                that sends and stop it.
                """),
        "alert.I2": Localized(
            vi: """
                Ngày {date}, CSDLQG về dân cư ghi nhận {npd_count} lượt của {system_name} (dịch vụ \
                {service_name}), điểm chốt xác nhận {signed_count} lượt, chênh {diff} lượt \
                ({diff_pct} %), số liệu điểm chốt đầy đủ {coverage} %. Số của CSDLQG cao hơn là dấu \
                hiệu có truy vấn đi vòng qua điểm chốt, thấp hơn thường do lỗi đường truyền: yêu cầu \
                đơn vị kiểm tra cấu hình LGSP và giải trình.
                """,
            en: """
                On {date} the population database counted {npd_count} queries of {system_name} \
                (service {service_name}), its agents {signed_count}, a difference of {diff} \
                ({diff_pct} %), agent figures {coverage} % complete. A higher national count points \
                to queries bypassing the agent, a lower one usually to failures on the way: have the \
                unit check its LGSP configuration and explain.
                """),
        "alert.I1.fork": Localized(
            vi: """
                Điểm chốt {agent} gửi bảng kê số {seq} khác với bảng kê cùng số đã nhận lúc {time}; \
                bản sau không được tính vào tổng. Có thể máy được khôi phục từ bản sao cũ hoặc hai \
                máy dùng chung một khóa: giữ nguyên máy và liên hệ bộ phận an ninh, an toàn của \
                Trung tâm.
                """,
            en: """
                Agent {agent} sent a summary {seq} that differs from the one received under that \
                number, at {time}; the later one was not counted. The machine may have been restored \
                from an old copy, or two machines share one key: leave the machine as it is and call \
                the Centre's security contact.
                """),
        "alert.I1.overlap": Localized(
            vi: """
                Bảng kê số {seq} của điểm chốt {agent} trùng khoảng thời gian đã được tính, nên được \
                giữ riêng và không cộng vào tổng ({time}). Thường do máy được khôi phục từ bản sao \
                cũ: xác định nguyên nhân với quản trị hệ thống rồi lập biên bản.
                """,
            en: """
                Summary {seq} of agent {agent} covers time that was already counted; it is kept \
                apart and not added to totals ({time}). A machine restored from an old copy is the \
                usual cause: find out with the administrator and record it in minutes.
                """),
        "alert.I1.token": Localized(
            vi: """
                Máy chủ tổng hợp từ chối yêu cầu của điểm chốt {agent} lúc {time}: {problem}. Không \
                có số liệu nào bị tính sai; nếu lặp lại thì kiểm tra đồng hồ và cấu hình của điểm \
                chốt.
                """,
            en: """
                The collector refused a request of agent {agent} at {time}: {problem}. Nothing was \
                counted wrongly; if it recurs, check the agent's clock and configuration.
                """),
        "alert.I1.lockset": Localized(
            vi: """
                Điểm chốt {agent} đã từ chối {count} lệnh khóa hoặc chính sách không hợp lệ \
                ({problem}) nhận được trước {time} và giữ bản đang áp dụng. Có thể đường truyền bị \
                can thiệp hoặc gửi lại bản cũ: kiểm tra các máy trung gian giữa điểm chốt và Trung \
                tâm.
                """,
            en: """
                Agent {agent} refused {count} lock sets or policies that were not valid ({problem}), \
                received before {time}, and keeps those in force. Something on the way may tamper \
                with the connection or replay old answers: check what stands between the agent and \
                the Centre.
                """),
        "alert.bypass": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) được quản trị tại đơn vị ({by}) cho tạm \
                bỏ qua quy tắc từ {from} đến {until}: {reason}. Mọi lượt vẫn được đếm, lệnh khóa vẫn áp \
                dụng: gọi đầu mối đơn vị hỏi nguyên nhân và theo dõi lượt lẽ ra bị từ chối.
                """,
            en: """
                At agent {agent} of {system_name} ({unit_name}) the unit's administrator ({by}) ordered a \
                bypass of the rules from {from} until {until}: {reason}. All queries are counted and \
                locks bind: call the unit for the cause, and watch what would have been refused.
                """),
        "alert.I1.spool": Localized(
            vi: """
                Điểm chốt {agent} mất liên lạc lâu hơn sức chứa của nó: {count} lượt truy vấn trong khoảng \
                {from}–{to} đã bị bỏ. Tổng của {system_name} trong khoảng này chưa đầy đủ và không thể gửi \
                lại: đối soát với số liệu của Trung tâm, và tăng outbox.bytesMax nếu còn chỗ trên đĩa.
                """,
            en: """
                Agent {agent} was out of contact for longer than it can keep counts: {count} queries of \
                {from}–{to} were dropped. Totals of {system_name} for that time are incomplete and cannot \
                be sent again: reconcile them with the Centre's own counts, and raise outbox.bytesMax \
                where the disk has room.
                """),
        "alert.I1.refused": Localized(
            vi: """
                Máy chủ tổng hợp đã từ chối bảng kê của điểm chốt {agent}: {count} lượt truy vấn của \
                {system_name} ({unit_name}) không có trong tổng, báo lúc {time}. Điểm chốt giữ các bảng kê \
                đó 8 ngày: xem nguyên nhân trong nhật ký chot-agent và đối soát với số liệu của Trung tâm.
                """,
            en: """
                The collector refused summaries of agent {agent}: {count} queries of {system_name} \
                ({unit_name}) are missing from its totals, told at {time}. The agent keeps those summaries for \
                8 days: see the cause in the log of chot-agent, and reconcile with the Centre's own counts.
                """),
        "alert.I1.behind": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) vẫn liên lạc nhưng chưa nhận chính sách \
                hiện hành ({current}, đang giữ {held}) từ {since}: tài khoản, dịch vụ và mức đăng ký mới \
                chưa có hiệu lực tại đó. Đề nghị xem chot-agent status tại điểm chốt.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) is in contact but has not taken the current \
                policy ({current}, it holds {held}) since {since}: newly registered accounts, services \
                and volumes are not in force there. See chot-agent status at the agent.
                """),
        "alert.I1.policy_size": Localized(
            vi: """
                Chính sách của {system_name} ({unit_name}) lớn {count} byte, vượt giới hạn {limit} byte mà \
                điểm chốt nhận: chưa được phát hành, điểm chốt giữ bản trước. Cần giảm số tài khoản đăng \
                ký của hệ thống này hoặc tách thành nhiều hệ thống.
                """,
            en: """
                The policy of {system_name} ({unit_name}) has {count} bytes, more than the {limit} that an \
                agent takes: it is not published, and agents keep the former one. Register fewer accounts \
                for this system, or divide it into several.
                """),
        "alert.I1.lockset_size": Localized(
            vi: """
                Tập lệnh khóa {audience} dài {count} byte, vượt giới hạn {limit} byte mà điểm chốt nhận: \
                chưa được phát hành, điểm chốt giữ tập trước nên thay đổi mới nhất chưa có hiệu lực tại \
                đó. Hãy mở bớt lệnh khóa, hoặc thay nhiều lệnh khóa hẹp bằng một lệnh khóa rộng hơn.
                """,
            en: """
                Lock set {audience} has {count} bytes, more than the {limit} that an agent takes: it is not \
                published, and agents keep the former one, so the latest changes do not hold there. Release \
                locks of it, or put one wider lock in the place of many narrow ones.
                """),
        "alert.I1.lockset_proposed": Localized(
            vi: """
                Lệnh khóa tự động {lock_id} ({scope}) không còn chỗ trong tập lệnh khóa {audience} ({count} \
                byte, tối đa {limit} byte): đã chuyển thành đề xuất, chưa có hiệu lực. Hãy mở bớt lệnh khóa \
                của tập này hoặc khóa phạm vi rộng hơn (dịch vụ, hệ thống), rồi xem xét các đề xuất đang chờ.
                """,
            en: """
                Automatic lock {lock_id} ({scope}) has no room in lock set {audience} ({count} bytes; {limit} \
                at most): it has become a proposal and is not in force. Release locks of this set or lock a \
                wider scope (a service, the system), then look at the proposals that wait.
                """),
        "alert.I1.frozen": Localized(
            vi: """
                Điểm chốt {agent} của {system_name} ({unit_name}) vẫn liên lạc nhưng giữ bộ lệnh khóa cũ \
                ({held}, hiện hành {current}) từ {since}. Có thể thiết bị trung gian trả lời bằng bản cũ: \
                kiểm tra đường truyền, và coi các lệnh khóa mới là chưa áp dụng tại đó.
                """,
            en: """
                Agent {agent} of {system_name} ({unit_name}) is in contact but has held an old lock set \
                ({held}, current {current}) since {since}. Something between may answer with old copies: \
                check the route, and take newer locks as not enforced there.
                """),
    ]
}
