/** What the pages say, Chinese first, English by a switch. */

const WORDS = {
  // states
  'state.ready': ['空闲', 'Ready'],
  'state.not_ready': ['示忙', 'Not ready'],
  'state.wrap_up': ['话后处理', 'Wrap-up'],
  'state.logged_out': ['未签入', 'Signed out'],
  'state.reserved': ['来话', 'Incoming'],
  'state.ringing': ['振铃', 'Ringing'],
  'state.talking': ['通话', 'Talking'],
  'state.engaged': ['通话中', 'In a call'],
  'state.held': ['保持', 'On hold'],
  'state.unreachable': ['话机离线', 'Phone offline'],
  // reasons of not ready
  'reason.break': ['小休', 'Break'],
  'reason.lunch': ['用餐', 'Lunch'],
  'reason.meeting': ['会议', 'Meeting'],
  'reason.training': ['培训', 'Training'],
  'reason.paperwork': ['案头', 'Paperwork'],
  'reason.phone_lost': ['话机离线', 'Phone offline'],
  'reason.line_down': ['长通线路中断', 'Standing line is down'],
  'reason.phone_busy': ['话机示忙', 'Busy by the phone'],
  'reason.no_answer': ['振铃未接', 'Did not answer'],
  'reason.hung_up': ['接起即挂', 'Hung up on answering'],
  'reason.busy': ['话机占线', 'Phone was busy'],
  'reason.declined': ['话机拒接', 'Phone declined'],
  'reason.forced': ['班长设置', 'Set by supervisor'],
  'reason.supervising': ['值班管理', 'Supervising'],
  // where a call stands
  'call.waiting': ['排队', 'Waiting'],
  // endings
  'end.completed': ['正常结束', 'Completed'],
  'end.abandoned': ['未接通即挂机', 'Abandoned'],
  'end.queue_full': ['队列已满', 'Queue full'],
  'end.forced': ['强拆', 'Ended by force'],
  'end.served': ['流程服务结束', 'Served by the flow'],
  'end.rejected': ['拒绝呼入', 'Rejected'],
  'end.no_route': ['号码未开通', 'No route'],
  'end.no_channel': ['中继占满', 'No channel'],
  'end.failed': ['失败', 'Failed'],
  'end.media_lost': ['媒体中断', 'Media lost'],
  'end.crash': ['系统重启中断', 'Lost by a restart'],
  'end.shutdown': ['系统停机', 'System stopped'],
  // call lists
  'lists.title': ['外呼名单', 'Call lists'],
  'lists.ready': ['未开始', 'Not started'],
  'lists.running': ['进行中', 'Running'],
  'lists.paused': ['已暂停', 'Paused'],
  'lists.stopped': ['已终止', 'Stopped'],
  'lists.preview': ['预览', 'Preview'],
  'lists.progressive': ['自动', 'Progressive'],
  'lists.reached': ['接通', 'Reached'],
  'lists.open': ['待拨', 'To call'],
  'lists.under_way': ['呼叫中', 'Calling'],
  'lists.closed': ['非可拨时段', 'Outside hours'],
  'lists.start': ['开始', 'Start'],
  'lists.pause': ['暂停', 'Pause'],
  'lists.stop': ['终止名单', 'End for good'],
  'lists.next': ['取下一条', 'Next record'],
  'lists.skip': ['跳过', 'Skip'],
  'lists.set_aside': ['不再拨打', 'Never call'],
  'lists.new': ['新建名单', 'New call list'],
  'lists.name': ['名称', 'Name'],
  'lists.mode': ['方式', 'Mode'],
  'lists.tries': ['最多拨打次数', 'Calls to one number at most'],
  'lists.window': ['每日可拨时段', 'Hours of the day'],
  'lists.make': ['新建', 'Make it'],
  'lists.none': ['没有外呼名单', 'No call lists'],
  'lists.numbers': ['导入号码', 'Import numbers'],
  'lists.import': ['导入', 'Import'],
  'lists.csv': ['CSV:第一行为列名,须有 number', 'CSV: the first line names the columns, number among them'],
  'lists.file': ['选择文件', 'Choose a file'],
  'lists.check': ['试导入', 'Check only'],
  'lists.take': ['导入', 'Import'],
  'lists.would_take': ['可导入 {0} 个号码,尚未导入。', '{0} numbers can be imported; none is yet.'],
  'lists.taken': ['已导入 {0} 个号码。', '{0} numbers were imported.'],
  'lists.has_bad': ['{1} 行有误,全部未导入。', '{1} bad lines: nothing was imported.'],
  'lists.barred': ['其中 {0} 个在免打扰名单。', '{0} of them must not be called.'],
  'lists.line': ['第 {0} 行', 'Line {0}'],
  'record.waiting': ['待拨', 'To call'],
  'record.shown': ['预览', 'Preview'],
  'record.calling': ['呼叫中', 'Calling'],
  'record.reached': ['接通', 'Reached'],
  'record.given_up': ['放弃', 'Given up'],
  'record.barred': ['不可拨打', 'Barred'],
  'record.skipped': ['不再拨打', 'Set aside'],
  // contacts without a call
  'contact.title': ['非语音联系', 'Chats and mails'],
  'contact.offered': ['待接受', 'Offered'],
  'contact.accepted': ['处理中', 'In hand'],
  'contact.accept': ['接受', 'Accept'],
  'contact.decline': ['拒绝', 'Decline'],
  'contact.complete': ['办结', 'Done'],
  'contact.call_back': ['回拨', 'Call back'],
  'medium.voice': ['语音', 'Voice'],
  'medium.video': ['视频', 'Video'],
  'medium.email': ['电子邮件', 'Email'],
  'medium.fax': ['传真', 'Fax'],
  'medium.web_call': ['网页呼叫', 'Web call'],
  'medium.sms': ['短信', 'SMS'],
  'medium.chat': ['在线聊天', 'Chat'],
  'medium.voicemail': ['语音留言', 'Voice message'],
  // what came of calling somebody, and what the network says by sound
  'result.answered': ['已接听', 'Answered'],
  'result.busy': ['占线', 'Busy'],
  'result.no_answer': ['无人接听', 'No answer'],
  'result.rejected': ['拒接', 'Rejected'],
  'result.unreachable': ['关机或不在服务区', 'Unreachable'],
  'result.invalid_number': ['空号', 'Invalid number'],
  'result.fax': ['传真机', 'Fax'],
  'result.voicemail': ['语音信箱', 'Voicemail'],
  'result.network_failure': ['网络故障', 'Network failure'],
  'result.announcement': ['语音公告', 'Announcement'],
  'result.cancelled': ['已取消', 'Cancelled'],
  'progress.ringback': ['回铃音', 'Ringback'],
  'progress.busy': ['忙音', 'Busy tone'],
  'progress.congestion': ['拥塞音', 'Congestion tone'],
  'progress.special_information': ['特殊信息音', 'Special information tone'],
  'progress.fax': ['传真音', 'Fax tone'],
  'progress.beep': ['留言提示音', 'Beep of a mailbox'],
  'progress.announcement': ['语音或彩铃', 'Speech or music'],
  // roles
  'role.customer': ['市民', 'Caller'],
  'role.agent': ['坐席', 'Agent'],
  'role.consultee': ['被咨询方', 'Consulted'],
  'role.supervisor': ['班长', 'Supervisor'],
  // operations
  'do.ready': ['示闲', 'Ready'],
  'do.not_ready': ['示忙', 'Not ready'],
  'do.end_wrap_up': ['结束话后', 'End wrap-up'],
  'do.answer': ['接听', 'Answer'],
  'do.hang_up': ['挂机', 'Hang up'],
  'do.hold': ['保持', 'Hold'],
  'do.retrieve': ['取回', 'Retrieve'],
  'do.mute': ['静音', 'Mute'],
  'do.unmute': ['取消静音', 'Unmute'],
  'do.consult': ['咨询', 'Consult'],
  'do.alternate': ['切换', 'Alternate'],
  'do.reconnect': ['收回', 'Take back'],
  'do.transfer': ['转接', 'Transfer'],
  'do.complete': ['完成转接', 'Complete'],
  'do.conference': ['三方', 'Conference'],
  'do.digits': ['按键', 'Keypad'],
  'do.extend_wrap_up': ['延长话后', 'Extend wrap-up'],
  'do.pause_recording': ['暂停录音', 'Pause recording'],
  'do.resume_recording': ['恢复录音', 'Resume recording'],
  'do.set_data': ['改随路数据', 'Attach data'],
  'do.merge_data': ['改随路数据', 'Attach data'],
  'do.dial': ['拨号', 'Dial'],
  'do.drop': ['移除', 'Drop'],
  'do.to_flow': ['转流程后返回', 'Flow and back'],
  'do.next_record': ['取名单号码', 'Next record'],
  'do.dial_record': ['拨打名单号码', 'Dial the record'],
  'do.skip_record': ['跳过名单号码', 'Skip the record'],
  'do.create_call_list': ['新建名单', 'New call list'],
  'do.start_call_list': ['开始名单', 'Start the list'],
  'do.pause_call_list': ['暂停名单', 'Pause the list'],
  'do.stop_call_list': ['终止名单', 'Stop the list'],
  'do.accept_contact': ['接受联系', 'Accept the contact'],
  'do.decline_contact': ['拒绝联系', 'Decline the contact'],
  'do.complete_contact': ['办结联系', 'Contact done'],
  'do.sign_in': ['签入', 'Sign in'],
  'do.sign_out': ['签出', 'Sign out'],
  'do.cancel': ['取消', 'Cancel'],
  'do.save': ['保存', 'Save'],
  'do.close': ['关闭', 'Close'],
  'do.monitor': ['监听', 'Listen'],
  'do.listen': ['浏览器监听', 'Listen here'],
  'do.whisper': ['密语', 'Whisper'],
  'do.barge': ['插话', 'Barge in'],
  'do.intercept': ['强插', 'Intercept'],
  'do.stop_supervising': ['停止监听', 'Stop listening'],
  'do.force_hang_up': ['强拆', 'Force hang-up'],
  'do.force_ready': ['强制示闲', 'Force ready'],
  'do.force_not_ready': ['强制示忙', 'Force not ready'],
  'do.force_logged_out': ['强制签出', 'Force sign-out'],
  'do.pick_up': ['分配', 'Assign'],
  'do.move': ['移队', 'Move'],
  'do.level': ['调级', 'Level'],
  // signing in
  'sign_in.agent': ['坐席登录', 'Agent sign-in'],
  'sign_in.supervisor': ['班长登录', 'Supervisor sign-in'],
  'sign_in.wallboard': ['大屏登录', 'Wallboard sign-in'],
  'sign_in.admin': ['管理员登录', 'Administrator sign-in'],
  'sign_in.voicemails': ['语音留言登录', 'Voice messages sign-in'],
  'sign_in.subtitle': ['12345 政务服务便民热线', '12345 public hotline'],
  'sign_in.agent_id': ['工号', 'Agent number'],
  'sign_in.password': ['密码', 'Password'],
  'sign_in.new_password': ['新密码(至少 8 个字符)', 'New password (8 characters at least)'],
  'sign_in.token': ['访问令牌', 'Access token'],
  'sign_in.extension': ['座席分机', 'Seat extension'],
  'sign_in.listening_extension': ['监听用分机(可不填)', 'Extension to listen at (optional)'],
  'sign_in.first_state': ['签入后', 'Then'],
  'sign_in.leave': ['退出', 'Sign out'],
  'sign_in.go': ['登录', 'Sign in'],
  'sign_in.going': ['正在登录…', 'Signing in…'],
  'sign_in.by_token': ['使用访问令牌', 'Use an access token'],
  'sign_in.by_password': ['使用密码', 'Use a password'],
  // problems
  'problem.no_answer': ['服务器没有应答', 'The server does not answer'],
  'problem.unauthenticated': ['工号、密码或令牌不正确', 'Number, password or token is wrong'],
  'problem.sign_in_refused': ['工号或密码不正确', 'Number or password is wrong'],
  'problem.password_must_change': ['请设置新密码', 'Please choose a new password'],
  'problem.too_many_tries': ['尝试过多,请稍后再试', 'Too many tries: wait a little'],
  'problem.forbidden': ['没有此权限', 'Not allowed'],
  'problem.agent_not_found': ['没有此工号', 'No such agent'],
  'problem.call_not_found': ['没有此通话', 'No such call'],
  'problem.unknown_extension': ['没有此分机', 'No such extension'],
  'problem.seat_taken': ['此分机已有人使用', 'Somebody sits there'],
  'problem.not_allowed': ['当前状态不允许', 'Not allowed in this state'],
  'problem.reason_needed': ['请填写原因', 'A reason is needed'],
  'problem.no_call': ['没有通话', 'No call'],
  'problem.not_built': ['服务器尚不支持此操作', 'The server does not have this operation'],
  'emergency.is_on': ['应急模式已启用', 'Emergency mode is on'],
  'emergency.since': ['{0} 由 {1} 启用', 'since {0}, by {1}'],
  'line.broken': ['连接中断,正在重连。以下为中断前的状态,暂不可操作。', 'The line is broken and is being connected again. What you see is from before.'],
  'line.signed_out': ['已退出。', 'Signed out.'],
  'line.refused': ['登录已失效,请重新登录。', 'The sign-in is no longer valid.'],
  'line.signed_in_elsewhere': ['此工号已在别处登录,本页已退出。', 'This agent signed in elsewhere; this page is out.'],
  // agent page
  'agent.title': ['坐席', 'Agent'],
  'agent.caller': ['来电', 'Caller'],
  'agent.pop': ['打开业务页面', 'Open the customer'],
  'agent.data': ['随路数据', 'Attached data'],
  'agent.no_data': ['没有随路数据', 'No attached data'],
  'agent.data_name': ['名称', 'Name'],
  'agent.data_value': ['内容', 'Value'],
  'agent.history': ['此号码的来电历史', 'Earlier calls of this number'],
  'agent.no_history': ['此前没有来电', 'No earlier calls'],
  'agent.mine': ['我的通话', 'My calls'],
  'agent.no_mine': ['今日还没有通话', 'No calls yet'],
  'agent.queues': ['我的队列', 'My queues'],
  'agent.parties': ['通话各方', 'Parties'],
  'agent.dialled': ['去电', 'Outgoing'],
  'agent.dialled_at': ['呼出时间', 'Dialled'],
  'agent.other_side': ['对方号码', 'Number'],
  'agent.presence': ['示闲示忙', 'Ready or not'],
  'agent.tools': ['通话操作', 'Call controls'],
  'agent.wrap_up_left': ['剩余 {0}', '{0} left'],
  'agent.pending': ['通话后', 'After the call'],
  'agent.idle': ['没有通话', 'No call'],
  'agent.answer_refused': ['话机不接受应答,请在话机上接听', 'The phone would not answer: pick it up'],
  'agent.forgotten': ['{0} 已保持 {1} 秒', '{0} has been on hold for {1} s'],
  'agent.idle_note': ['来电会自动弹出在这里。', 'The next call appears here.'],
  'agent.password': ['市民报密码', 'A password'],
  'agent.private': ['涉及隐私', 'Something private'],
  'agent.recording_goes_on': ['继续录音', 'The recording goes on'],
  'agent.extend': ['延长话后 {0} 秒', '{0} s more wrap-up'],
  'agent.shortcuts': ['快捷键', 'Keyboard'],
  'agent.waited': ['等待', 'Waited'],
  'agent.queue': ['队列', 'Queue'],
  'agent.called': ['被叫', 'Called'],
  'agent.arrived': ['呼入时间', 'Arrived'],
  'agent.extension': ['分机', 'Ext.'],
  'agent.muted': ['已静音', 'Muted'],
  'agent.in_flow': ['市民在流程中', 'Caller is in a flow'],
  'customer.level': ['客户级别', 'Level'],
  'customer.unit': ['单位', 'Organisation'],
  'customer.address': ['地址', 'Address'],
  'customer.notes': ['备注', 'Notes'],
  'customer.unknown': ['客户表中无此号码', 'The number is in no customer record'],
  'customer.orders': ['未结工单', 'Open work orders'],
  'customer.no_orders': ['无未结工单', 'No open work orders'],
  'customer.orders_failed': ['工单系统无应答', 'The work order system did not answer'],
  'agent.number': ['号码、分机或工号', 'Number, extension or agent'],
  'agent.target': ['转给', 'To'],
  'agent.reason': ['原因', 'Reason'],
  'target.agent': ['坐席', 'Agent'],
  'target.queue': ['队列', 'Queue'],
  'target.number': ['外线号码', 'Number'],
  'target.detour': ['流程(完成后返回)', 'Flow and back'],
  'target.flow': ['流程(转出)', 'Flow'],
  'agent.time': ['时间', 'Time'],
  'agent.result': ['结果', 'Result'],
  'agent.talk': ['通话', 'Talk'],
  // supervisor page
  'supervisor.title': ['班长台', 'Supervisor'],
  'supervisor.seats': ['坐席', 'Seats'],
  'supervisor.queues': ['队列', 'Queues'],
  'supervisor.trunks': ['中继', 'Trunks'],
  'supervisor.all': ['全部', 'All'],
  'supervisor.find': ['查找工号、姓名、分机', 'Find agent, name, extension'],
  'supervisor.more': ['另有 {0} 位,全部显示', '{0} more: show all'],
  'supervisor.fewer': ['只显示最前面的', 'Show the first ones only'],
  'supervisor.nobody_waits': ['无人排队', 'Nobody waits'],
  'supervisor.no_seats': ['没有符合条件的坐席', 'No seat fits'],
  'supervisor.waiting': ['排队', 'Waiting'],
  'supervisor.longest': ['最长等待', 'Longest wait'],
  'supervisor.free': ['空闲坐席', 'Free agents'],
  'supervisor.reason': ['操作原因(必填,记入台账)', 'Reason (required, kept in the ledger)'],
  'supervisor.needs_reason': ['请先填写操作原因', 'Give a reason first'],
  'supervisor.reason.quality': ['质检', 'Quality check'],
  'supervisor.reason.help': ['协助坐席', 'Helping the agent'],
  'supervisor.reason.complaint': ['市民投诉', 'Complaint'],
  'supervisor.reason.abuse': ['骚扰电话', 'Nuisance call'],
  'supervisor.watch': ['监视', 'Watching'],
  'supervisor.no_news': ['打开后发生的事会逐条显示', 'What happens from now on appears here'],
  'supervisor.done': ['已执行', 'Done'],
  'supervisor.ringing_at': ['正在振铃', 'rings at'],
  'supervisor.no_agent': ['暂无空闲坐席', 'No agent is free'],
  'supervisor.no_queue': ['没有其他队列', 'There is no other queue'],
  'supervisor.why_waiting': ['为何等待', 'Why it waits'],
  'supervisor.why_here': ['为何分给该坐席', 'Why it came here'],
  'supervisor.up': ['正常', 'Up'],
  'supervisor.down': ['中断', 'Down'],
  'supervisor.channels': ['占用 {0}/{1}', '{0} of {1} in use'],
  'supervisor.to_queue': ['移到队列', 'To queue'],
  'supervisor.to_agent': ['分配给', 'To agent'],
  'supervisor.call': ['整个通话', 'The whole call'],
  'supervisor.agent_leg': ['仅坐席', 'Agent only'],
  'supervisor.customer_leg': ['仅市民', 'Caller only'],
  // wallboard
  'wallboard.good': ['良好', 'Good'],
  'wallboard.fair': ['注意', 'Needs attention'],
  'wallboard.urgent': ['告急', 'Urgent'],
  'wallboard.title': ['话务大屏', 'Wallboard'],
  'wallboard.waiting': ['排队', 'Waiting'],
  'wallboard.longest': ['最长等待', 'Longest wait'],
  'wallboard.service_level': ['{0} 秒服务水平', 'Service level, {0} s'],
  'wallboard.formula': ['({0} 秒内接通) ÷ (接通 + 放弃 − {0} 秒内放弃) = {1} ÷ ({2} + {3} − {4})', 'answered in {0} s ÷ (answered + abandoned − abandoned in {0} s) = {1} ÷ ({2} + {3} − {4})'],
  'wallboard.abandon': ['放弃率', 'Abandoned'],
  'wallboard.abandon_formula': ['放弃 ÷ (接通 + 放弃) = {0} ÷ {1}', 'abandoned ÷ (answered + abandoned) = {0} ÷ {1}'],
  'wallboard.today': ['今日来话', 'Calls today'],
  'wallboard.answered': ['接通 {0}', '{0} answered'],
  'wallboard.agents': ['坐席', 'Agents'],
  'wallboard.on_duty': ['在岗 {0} / {1}', '{0} of {1} on duty'],
  'wallboard.hours': ['每半小时来话与接通', 'Calls and answered, each half hour'],
  'wallboard.offered': ['来话', 'Calls'],
  'wallboard.answered_line': ['接通', 'Answered'],
  // alarms
  'alarm.trunk_down': ['中继中断', 'Trunk down'],
  'alarm.plane_lost': ['媒体进程中断', 'Media plane lost'],
  'alarm.plane_late': ['媒体处理延迟', 'Media plane late'],
  'alarm.cell_lost': ['信令单元中断', 'Signalling cell lost'],
  'alarm.cells_short': ['信令容量不足', 'Signalling cells short'],
  'alarm.certificate_refused': ['证书不可用', 'Certificate refused'],
  'alarm.backup_overdue': ['备份逾期', 'Backup overdue'],
  'alarm.self_check_failed': ['每日自检未通过', 'Self-check failed'],
  'alarm.nursery_hung': ['信令管理进程无响应', 'Nursery hangs'],
  'alarm.disk_low': ['磁盘空间不足', 'Disk space low'],
  'alarm.store_failing': ['数据库写入失败', 'Database cannot be written'],
  'alarm.store_slow': ['数据库写入缓慢', 'Database slow'],
  'alarm.entry_rejected': ['记录被拒', 'Entry rejected'],
  'alarm.recording_incomplete': ['录音不完整', 'Recording incomplete'],
  'alarm.records_differ': ['记录不一致', 'Records differ'],
  'alarm.state_healed': ['状态已自动修复', 'State was healed'],
  'alarm.work_stumbled': ['控制进程内部出错', 'A part of control stumbled'],
  'alarm.holidays_unknown': ['节假日安排未公布', 'Holidays not known'],
  'alarm.emergency_on': ['应急模式已开启', 'Emergency mode is on'],
  'alarm.no_answer': ['坐席久叫不应', 'Agent does not answer'],
  'alarm.test': ['测试告警', 'Test alarm'],
  'alarms.acknowledge': ['确认', 'Acknowledge'],
  'alarms.acknowledged': ['已确认', 'Acknowledged by'],
  // forced actions, by the name of the command
  'action.supervise': ['监听', 'Supervise'],
  'action.intercept': ['强插', 'Intercept'],
  'action.force_hang_up': ['强拆', 'Force hang-up'],
  'action.hang_up': ['强拆', 'Force hang-up'],
  'action.force_state': ['强制改变状态', 'Force state'],
  'action.pick_up': ['分配', 'Assign'],
  'action.move': ['移队', 'Move'],
  'action.set_level': ['调级', 'Level'],
  'action.listen': ['浏览器监听', 'Listen in the browser'],
  'action.pause_recording': ['暂停录音', 'Pause recording'],
  'action.resume_recording': ['恢复录音', 'Resume recording'],
  // what happened, for whoever watches a seat
  'event.agent_state_changed': ['状态', 'State'],
  'event.agent_returned': ['话机恢复', 'Phone is back'],
  'event.seat_command': ['操作', 'Does'],
  'event.call_arrived': ['来电呼入', 'Call arrived'],
  'event.call_dialled': ['呼出', 'Dialled'],
  'event.call_progress': ['线路声音', 'Heard on the line'],
  'event.call_dial_result': ['外呼结果', 'Result of dialling'],
  'event.call_offered': ['开始振铃', 'Rings'],
  'event.call_rung': ['话机振铃', 'Phone rings'],
  'event.offer_ended': ['振铃结束', 'Ringing ended'],
  'event.offer_accepted': ['摘机', 'Answered'],
  'event.call_connected': ['接通', 'Connected'],
  'event.call_ended': ['通话结束', 'Call ended'],
  'event.call_held': ['保持', 'Held'],
  'event.call_retrieved': ['取回', 'Retrieved'],
  'event.call_hold_reminded': ['保持过久', 'On hold for long'],
  'event.party_muted': ['静音', 'Muted'],
  'event.party_unmuted': ['取消静音', 'Unmuted'],
  'event.digits_sent': ['发送按键', 'Keys sent'],
  'event.answer_refused': ['话机不接受应答', 'Phone would not answer'],
  'event.consult_started': ['开始咨询', 'Consulting'],
  'event.consult_answered': ['咨询接通', 'Consult answered'],
  'event.consult_failed': ['咨询失败', 'Consult failed'],
  'event.call_transferred': ['转接完成', 'Transferred'],
  'event.transfer_failed': ['转接失败', 'Transfer failed'],
  'event.call_conferenced': ['三方通话', 'Conference'],
  'event.party_dropped': ['移除一方', 'Party dropped'],
  'event.call_data_changed': ['随路数据变更', 'Data changed'],
  'event.supervision_started': ['监听开始', 'Supervision started'],
  'event.supervision_changed': ['监听方式变更', 'Supervision changed'],
  'event.supervision_ended': ['监听结束', 'Supervision ended'],
  'event.call_intercepted': ['被强插', 'Intercepted'],
  'event.forced': ['班长操作', 'Forced'],
  'event.call_rerouted': ['改走另一中继', 'By another trunk'],
  'event.call_widened': ['放宽技能要求', 'Less skill needed'],
  'event.call_requeued': ['重新排队', 'Requeued'],
  'event.wrap_up_extended': ['延长话后', 'Wrap-up extended'],
  'event.recording_paused': ['录音暂停', 'Recording paused'],
  'event.recording_resumed': ['录音恢复', 'Recording resumed'],
};

const KEPT = 'softswitch.language';
let language = kept() === 'en' ? 1 : 0;

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch { // a frame whose storage is closed speaks Chinese
    return null;
  }
}

/** Further texts, of a page that has many of its own. @param {Record<string, [string, string]>} words */
export const addWords = (words) => { Object.assign(WORDS, words); };

/** Whether there is a text under this name. */
export const hasWord = (name) => name in WORDS;

/**
 * The text of a name in the language that is set.
 * @param {string} name
 * @param {...(string|number)} values  put where {0}, {1}… stand
 */
export function word(name, ...values) {
  const text = WORDS[name]?.[language] ?? name;
  return text.replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)]));
}

/** The text of a word that the server chose: translated where we know it, else as it is. */
export const wordOf = (group, name) => (hasWord(`${group}.${name}`) ? word(`${group}.${name}`) : String(name ?? ''));

/** @returns {'zh'|'en'} */
export const spoken = () => (language ? 'en' : 'zh');

/** Put words into every element that names one: `data-word` its text, `data-hint` its tooltip. */
export function speak(root = document) {
  document.documentElement.lang = language ? 'en' : 'zh-CN';
  for (const element of root.querySelectorAll('[data-word]')) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll('[data-hint]')) {
    const shortcut = element.getAttribute('aria-keyshortcuts');
    element.title = word(element.dataset.hint) + (shortcut ? ` (${shortcut})` : '');
  }
  for (const element of root.querySelectorAll('[data-blank]')) element.placeholder = word(element.dataset.blank);
}

/** Change the language. @param {() => void} after  what has to be shown anew */
export function switchLanguage(after) {
  language = 1 - language;
  try {
    localStorage.setItem(KEPT, spoken());
  } catch { // it holds for this page
  }
  speak();
  after();
}

/** Seconds as 0:07, 3:05 or 1:02:03. */
export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The time of day of seconds since 1970. */
export function dayTime(seconds, withSeconds = true) {
  const options = { hour: '2-digit', minute: '2-digit', hour12: false, ...(withSeconds ? { second: '2-digit' } : {}) };
  return new Date(seconds * 1000).toLocaleTimeString(language ? 'en-GB' : 'zh-CN', options);
}

/** What to tell a person of a refusal. */
export function problemText(problem) {
  if (hasWord(`problem.${problem.code}`)) return word(`problem.${problem.code}`);
  return inLanguage(String(problem.message ?? problem));
}

/** Of a text of the server's in both languages, Chinese / English, the one that is set. */
export function inLanguage(text) {
  const [chinese, ...english] = text.split(' / ');
  return language && english.length ? english.join(' / ') : chinese;
}
