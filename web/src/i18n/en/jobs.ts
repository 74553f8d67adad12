export default {
  jobs: {},
}
