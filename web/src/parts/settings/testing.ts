import { ref } from 'vue'

/** Whether some service is being tried out. */
export const testing = ref(false)
