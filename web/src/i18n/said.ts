/** What the server says often, in Chinese: the error's code, how its English sentence begins, and the Chinese one. */
const SAID: readonly [code: string, begins: RegExp, chinese: string][] = [
  ['text', /^There is nothing to say/, '文字里没有可以朗读的内容，请至少写一个字或数字。'],
  ['text', /^The text has more than/, '文字太长，请分成几段。'],
  ['face', /^No face was found/, '没有找到人脸，请换一张能清楚看到正脸的照片。'],
  ['face', /^The face is too small/, '人脸太小，请用更大的照片，或裁剪得离脸近一些。'],
  ['face', /^The face is turned away/, '脸转得太偏了，请用正面拍摄的照片。'],
  ['face', /^(The face is lost|No head pose)/, '人脸看不清楚，请换一张照片或一段视频。'],
  ['media', /has no sound in it|holds no sound/, '文件里没有声音，请换一个带声音的文件。'],
  ['media', /is longer than/, '录音太长，请分成几段。'],
  ['media', /larger than|far more pixels|limit is/, '图片太大，请先缩小。'],
  ['media', /^The file is not /, '文件类型不对，请换一个文件（看内容，不看文件名）。'],
  ['media', /broken|damaged|cut off|none that can be read|cannot be read|cannot be decoded|is not .* that can be read/, '文件已损坏或不完整，请重新保存或换一个文件。'],
  ['media', /is empty|zero/, '文件是空的，请重新录制或导出。'],
  ['not_found', /voice/i, '没有这个声音，请另选一个。'],
  ['not_found', /^There is no avatar/, '没有这个形象，请另选一个。'],
  ['not_found', /^There is no such (job|video)/, '没有这个任务或视频，可能已被删除。'],
  ['forbidden', /scope admin/, '这需要“admin”权限的令牌，请向服务器管理员索取。'],
  ['forbidden', /may only read/, '您的令牌只能查看，请索取“make”权限的令牌。'],
  ['access', /^The token is wrong/, '令牌不正确，请向服务器管理员索取。'],
  ['already_exists', /avatar called/, '已经有同名的形象了，请换个名称，或先删除原来的。'],
  ['busy', /^The database/, '服务器的数据库暂时无法连接，请稍后再试。'],
  ['busy', /./, '服务器正忙，请稍后再试。'],
  ['conflict', /is built in/, '这是内置形象，不能更改。'],
  ['conflict', /^The first token/, '第一个令牌必须是“admin”权限。'],
  ['output', /no space|full|room/i, '服务器的磁盘已满，请删除不需要的视频和任务。'],
  ['', /^The scripted partner/, '“scripted” 只会复述听到的话，不需要服务器。'],
  ['', /^There was no answer within/, '没有及时应答，请再试一次：模型可能还在加载。'],
]

/** The Chinese sentence for one of the server's; undefined: none is known. */
export function saidInChinese(code: string, english: string): string | undefined {
  return SAID.find(([of, begins]) => of === code && begins.test(english))?.[2]
}
