export default {
  home: {},
}
