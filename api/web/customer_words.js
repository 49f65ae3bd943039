/** What the pages of the customers say. */

import { momentText, problemText, spoken, word, wordOf } from './admin_words.js';
import { addWords } from './words.js';

addWords({
  'admin.customers': ['客户', 'Customers'],
  'customers.note': ['谁在来电:号码、级别、备注;来电时弹给坐席。', 'Who calls: numbers, level, notes. Agents see it as the call arrives.'],
  'customers.find': ['按号码或姓名查找', 'Find by number or name'],
  'customers.more': ['更多', 'More'],
  'customers.numbers': ['号码', 'Numbers'],
  'customers.level': ['级别(加在来话级别上)', 'Level (added to that of their calls)'],
  'customers.fields': ['本热线的字段', 'Fields of this hotline'],
  'customers.past': ['历次内容', 'What they were'],
  'customers.removed': ['已删除', 'removed'],
  'customers.restore': ['恢复', 'Restore'],
  'customers.file': ['CSV 导入导出', 'CSV in and out'],
  'customers.csv': ['CSV 文件(UTF-8 或 GB 18030)', 'CSV file (UTF-8 or GB 18030)'],
  'customers.export': ['导出 CSV', 'Export CSV'],
  'customers.import': ['导入 CSV', 'Import CSV'],
  'customers.import_note': ['首行为列名:号码、姓名、级别、地址、单位、备注及本热线的字段。先试:每一处错误都会列出;有错则整个文件不导入。', 'The first line names the columns: numbers, name, level, address, unit, notes and fields of this hotline. Try first: every fault is listed, and with one nothing is taken.'],
  'customers.counts': ['新增 {0},修改 {1},不变 {2}', '{0} new, {1} changed, {2} as they were'],
  'customers.bad': ['有 {0} 处错误,未导入任何客户', '{0} faults: no customer was taken'],
  'customers.line': ['行', 'Line'],
  'customers.column': ['列', 'Column'],
  'customers.value': ['内容', 'Value'],
  'customers.rule': ['规则', 'Rule'],
  'customers.column.numbers': ['号码', 'numbers'],
  'customers.column.name': ['姓名', 'name'],
  'customers.column.level': ['级别', 'level'],
  'customers.column.address': ['地址', 'address'],
  'customers.column.unit': ['单位', 'unit'],
  'customers.column.notes': ['备注', 'notes'],
  'customers.column.customer_id': ['客户编号', 'customer_id'],
  'customers.changes': ['最近的改动', 'Latest changes'],
  'customers.undo': ['撤销', 'Undo'],
  'customers.sure_undo': ['撤销改动 {0}?涉及 {1} 个客户。', 'Take change {0} back? It touched {1} customers.'],
  'customers.undone': ['改动 {0} 已撤销', 'Change {0} was taken back'],
  'customers.changed_since': ['这些客户之后又有改动,未撤销', 'Some of these customers were changed since: nothing was taken back'],
});

export { momentText, problemText, spoken, word, wordOf };
