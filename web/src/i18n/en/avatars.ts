export default {
  avatars: {},
}
