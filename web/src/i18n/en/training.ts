export default {
  training: {},
}
