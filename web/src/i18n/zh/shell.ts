import type en from '../en/shell'

const zh: typeof en = {
  app: {
    tagline: '会说话的数字人',
    language: '语言',
    theme: '外观',
    theme_system: '跟随系统',
    theme_light: '浅色',
    theme_dark: '深色',
    skip: '跳到正文',
    menu: '菜单',
    navigation: '页面',
    offline: '无法连接服务器，恢复后本页会自动继续。',
    running_jobs: '没有任务 | 有 1 个任务正在运行 | 有 {n} 个任务正在运行',
    sign_out: '退出登录',
    signed_in_as: '已登录：{user}',
  },
  nav: {
    home: '首页',
    avatars: '形象',
    new_avatar: '新建形象',
    videos: '视频',
    new_video: '新建视频',
    compare: '对比',
    training: '训练',
    live: '实时对话',
    jobs: '任务',
    job: '任务详情',
    settings: '设置',
    more: '更多',
    not_found: '页面不存在',
  },
  ui: {
    close: '关闭',
    cancel: '取消',
    retry: '重试',
    loading: '加载中……',
  },
}

export default zh
