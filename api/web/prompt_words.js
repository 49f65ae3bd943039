/** What the page of announcements says. */

import { momentText, problemText, spoken, word } from './admin_words.js';
import { addWords } from './words.js';

addWords({
  'admin.prompts': ['提示音', 'Announcements'],
  'prompts.note': ['随系统带来的可用自己的录音替换;下一个来电即听到。', 'Those that came with the system can be replaced by your own; the next caller hears them.'],
  'prompts.prompt': ['提示音', 'Announcement'],
  'prompts.sound': ['声音', 'Sound'],
  'prompts.used_by': ['用于', 'Played by'],
  'prompts.changed': ['来源', 'From'],
  'prompts.deeds': ['操作', 'Do'],
  'prompts.unused': ['业务中未用', 'nothing of the business'],
  'prompts.spoken': ['系统合成', 'spoken by the machine'],
  'prompts.shipped': ['随系统带来', 'came with the system'],
  'prompts.length': ['{0} 秒', '{0} s'],
  'prompts.replace': ['替换', 'Replace'],
  'prompts.back': ['恢复原音', 'Back to what it was'],
  'prompts.upload': ['上传新提示音', 'Upload a new one'],
  'prompts.upload_note': ['WAV、MP3、FLAC、OGG,至多两分钟左右;检查后重新编码,不是声音的文件不收。', 'WAV, MP3, FLAC or OGG of some two minutes at most; it is checked and re-encoded, and what is no sound is refused.'],
  'prompts.id': ['编号', 'Id'],
  'prompts.id_rule': ['字母、数字、_、-,至多 40 个', 'Letters, digits, _ and -, 40 at most'],
  'prompts.title': ['内容说明', 'What it says'],
  'prompts.file': ['声音文件', 'Sound file'],
  'prompts.kept': ['{0} 已更新,下一个来电即听到。', '{0} is up to date; the next caller hears it.'],
  'prompts.gone': ['{0} 的上传已删除。', 'The upload of {0} is gone.'],
  'prompts.there': ['{0} 已存在:请在列表中替换', '{0} is there already: replace it in the list'],
  'prompts.outdated': ['别人刚修改了它:列表已重新读取,未覆盖任何内容', 'Somebody else has just changed it: the list was read again, nothing was overwritten'],
  'prompts.sure_back': ['恢复 {0} 原来的声音(随系统带来或系统合成)?', 'Have {0} as it was, shipped or spoken by the machine?'],
  'prompts.sure_remove': ['确定删除 {0}?', 'Delete {0}?'],
});

export { momentText, problemText, spoken, word };
