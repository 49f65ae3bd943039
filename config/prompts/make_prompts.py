"""Speak the prompts: `python config/prompts/make_prompts.py [folder]` writes one WAV a text (Debian's espeak-ng).

As `media.speak` makes them.  Replace any of them by a recording of the same name,
here or better in a folder of your own named after this one in `media.prompt_dirs`.

The voice is `cmn-latn-pinyin`: the plain `cmn` of espeak-ng 1.51 spells its own pinyin as English letters.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ: Final = 8000
VOICE: Final = "cmn-latn-pinyin"
WORDS_PER_MINUTE: Final = 165
LEVEL_DBFS: Final = -20.0
PEAK: Final = 0.9
EDGE_S: Final = 0.03
FLOOR: Final = 0.004  # softer than this at either end is silence

SENTENCES: Final = {
    "welcome": "您好，欢迎致电一二三四五政务服务便民热线。",
    "queue_wait": "现在坐席全忙，请稍候。",
    "position_before": "您前面还有",
    "position_after": "位，请耐心等待。",
    "position_next": "您是下一位，请稍候。",
    "agent_serves": "号为您服务。",
    "busy_later": "坐席繁忙，请稍后再拨。",
    "goodbye": "感谢您的来电，再见。",
    "wrong_number": "您拨打的号码有误。",
    "menu_services": "咨询请按一，求助请按二，投诉请按三，人工服务请按零。",
    "menu_all_services": "咨询请按一，求助请按二，投诉请按三，举报请按四，建议请按五，企业服务请按六，水电气热请按七，社保医保请按八，"
    "人工服务请按零。",
    "invalid_key": "按键无效，请重新选择。",
    "enter_order": "请输入工单号，以井号键结束。",
    "closed_now": "现在是非工作时间。",
    "leave_message": "请在提示音后留言，按井号键结束。",
    "review_message": "收听留言请按一，重新录制请按二，确认留言请按井号键。",
    "message_kept": "您的留言已保存，我们会尽快回复您。",
    "offer_callback": "如需我们回拨您的来电号码，请按一；回拨其他号码，请按二；继续等待，请稍候。",
    "enter_number": "请输入您的电话号码，以井号键结束。",
    "callback_noted": "已为您登记回拨，您的位置已保留，请挂机等候。",
    "rate_us": "请对本次服务作出评价，满意请按一，基本满意请按二，不满意请按三。",
    "thank_you": "谢谢您的评价。",
}
ALARMS: Final = {
    "alarm_intro": "热线系统告警。",
    "alarm_press_one": "确认请按一。",
    "alarm_noted": "已确认，谢谢。",
    "alarm_trunk_down": "中继中断。",
    "alarm_plane_lost": "声音处理中断，无法通话。",
    "alarm_plane_late": "声音处理延迟。",
    "alarm_cell_lost": "信令单元中断，已恢复。",
    "alarm_cells_short": "信令容量不足。",
    "alarm_nursery_hung": "信令单元无法补充。",
    "alarm_disk_low": "磁盘空间不足。",
    "alarm_store_failing": "数据库无法写入。",
    "alarm_store_slow": "数据库写入缓慢。",
    "alarm_entry_rejected": "有记录无法写入。",
    "alarm_recording_incomplete": "录音不完整。",
    "alarm_records_differ": "话单与日志不一致。",
    "alarm_state_healed": "状态不一致，已修复。",
    "alarm_work_stumbled": "控制进程内部出错，已恢复。",
    "alarm_holidays_unknown": "节假日安排尚未录入。",
    "alarm_emergency_on": "应急开关已启用。",
    "alarm_no_answer": "坐席久叫不应。",
    "alarm_certificate_refused": "证书无法使用。",
    "alarm_backup_overdue": "备份逾期。",
    "alarm_self_check_failed": "每日自检未通过。",
    "alarm_test": "这是一次演习。",
}
"""What a phone that is rung about an alarm is told, by the kind of alarm."""
DIGITS: Final = {f"digit_{digit}": text for digit, text in enumerate("零一二三四五六七八九")}
NUMBER_WORDS: Final = {f"n_{number}": text for number, text in enumerate("零一二三四五六七八九十")}
TEXTS: Final = {
    **SENTENCES,
    **ALARMS,
    **DIGITS,
    "digit_1_yao": "幺",
    **NUMBER_WORDS,
    "n_2_liang": "两",
    "n_100": "百",
    "n_1000": "千",
    "n_10000": "万",
    "n_100000000": "亿",
    "unit_year": "年",
    "unit_month": "月",
    "unit_day": "日",
    "unit_hour": "点",
    "unit_sharp": "整",
    "unit_yuan": "元",
    "unit_jiao": "角",
    "unit_fen": "分",
    "point": "点",
    "minus": "负",
    "emergency_is_on": "应急模式已启用。",
    "emergency_is_off": "应急模式已关闭。",
}

Sound = npt.NDArray[np.float64]


def beep() -> Sound:
    """A short soft tone: somebody will speak now."""
    time = np.arange(int(0.18 * RATE_HZ)) / RATE_HZ
    return 0.14 * np.sin(2 * np.pi * 880 * time) * np.hanning(len(time)) ** 0.5


def tone() -> Sound:
    """1 kHz at -20 dBFS RMS: the test call that the system makes to itself is measured by it."""
    time = np.arange(int(3.0 * RATE_HZ)) / RATE_HZ
    amplitude = float(2**0.5 * 10 ** (LEVEL_DBFS / 20))
    return amplitude * np.sin(2 * np.pi * 1000 * time)


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    orders = [
        {
            "path": str(folder / f"{name}.wav"),
            "text": text,
            "voice": VOICE,
            "words_per_minute": WORDS_PER_MINUTE,
        }
        for name, text in TEXTS.items()
    ]
    done = subprocess.run(
        [sys.executable, "-m", "media.speak"],
        input=json.dumps(orders).encode(),
        capture_output=True,
        check=True,
    )
    for path, fault in json.loads(done.stdout).items():
        print(f"{path}: {fault}")
    soundfile.write(folder / "tone_connect.wav", beep(), RATE_HZ, subtype="PCM_16")
    soundfile.write(folder / "self_check_tone.wav", tone(), RATE_HZ, subtype="PCM_16")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "zh")
