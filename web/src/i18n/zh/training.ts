import type en from '../en/training'

const zh: typeof en = {
  training: {
    title: '训练',
    intro: '引擎会从一段讲话视频中学习这张脸的动作。比用照片创建形象更花时间，但更像本人。',
    steps: {
      film: '一段视频',
      film_text: '单人、正对镜头讲话。一到五分钟，光线均匀，面前无遮挡。',
      learn: '引擎学习',
      learn_text: '过程中可以查看损失曲线和预览图。服务器重启也不会丢失进度，可随时停止，之后再继续。',
      use: '得到形象',
      use_text: '和其他形象一样出现在列表中，可用于生成视频和实时对话。',
    },
    form: '新建训练',
    drop: '把视频拖到这里，或点击选择',
    drop_hint: '带声音的 MP4、MOV、WebM 或 MKV',
    another: '换一个视频',
    preview: '用于训练的视频',
    name: '名称',
    engine: '引擎',
    licence: '视频的许可',
    submit: '开始训练',
    sending: '正在上传……{percent}%',
    looking: '正在检查视频……',
    stop_sending: '停止上传',
    none_title: '尚未安装可训练的引擎',
    none_text: '训练需要能从视频中学习的引擎，目前安装的引擎都不支持。只要在服务器上装好一个，这个表单就能直接使用，无需其他设置。',
    none_needs: '这类引擎通常需要：NVIDIA 显卡、数 GB 磁盘空间，以及对应的 Python 软件包。',
    none_install: '已知但尚未就绪：',
    none_today: '现在就能用的方式：用照片创建形象。',
    to_new_avatar: '用照片新建形象',
    runs: '训练记录',
    runs_none: '还没有训练过。',
    finding: {
      type: '这个文件不是视频。',
      too_big: '文件超过了服务器的上限（{mb} MB）。',
      too_short: '视频太短（{s} 秒），至少需要 {least} 秒。',
      short: '视频较短（{s} 秒）。可以使用，但一分钟以上会更像本人。',
      long: '视频很长，训练会花较多时间；五分钟就足够了。',
      small: '画面较小（{width} × {height}），像素越多，面部越清晰。',
      unknown: '此浏览器无法播放该视频，时长和尺寸将由服务器检查。',
      fine: '时长、尺寸和类型都合适。',
    },
    gpu: '需要显卡',
  },
}

export default zh
