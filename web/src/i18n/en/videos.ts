export default {
  videos: {},
}
