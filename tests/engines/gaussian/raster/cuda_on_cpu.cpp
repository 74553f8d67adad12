// Runs tiles.cu on the processor: what it needs of CUDA, by threads that take turns. Each block is run to its end before the next begins; its
// threads change places wherever they wait for each other.

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __shared__ static

struct Place {
    unsigned x, y;
};

static Place threadIdx, blockIdx, blockDim, gridDim;

// A jump takes nanoseconds; to change contexts, the system is called.
static jmp_buf scheduler;
static std::vector<jmp_buf> waiting;
static size_t current;

static void __syncthreads()
{
    if (!_setjmp(waiting[current])) {
        _longjmp(scheduler, 1);
    }
}

#include KERNELS

template <typename... Types, size_t... Numbers>
static void call(void (*kernel)(Types...), void** arguments, std::index_sequence<Numbers...>)
{
    kernel(*static_cast<Types*>(arguments[Numbers])...);
}

static bool run(const char* name, void** arguments)
{
#define IF_NAMED(kernel)                                                                 \
    if (!strcmp(name, #kernel)) {                                                        \
        [&]<typename... Types>(void (*function)(Types...)) {                             \
            call(function, arguments, std::make_index_sequence<sizeof...(Types)>());     \
        }(kernel);                                                                       \
        return true;                                                                     \
    }
    IF_NAMED(draw)
    IF_NAMED(differentiate)
    IF_NAMED(add_up)
    return false;
}

static const char* asked;
static void** given;
static const size_t STACK = 32 * 1024;
static std::vector<char> stacks;
static size_t ended;

static void thread()
{
    run(asked, given);
    ++ended;
    _longjmp(scheduler, 1);
}

static void begin()
{
    ucontext_t fresh;
    getcontext(&fresh);
    fresh.uc_stack.ss_sp = stacks.data() + current * STACK;
    fresh.uc_stack.ss_size = STACK;
    makecontext(&fresh, thread, 0);
    setcontext(&fresh);
}

// Like cuLaunchKernel: `arguments` point to the values. 1 if all threads always waited for each other together, as a GPU needs it.
extern "C" int launch(const char* kernel, unsigned blocks_x, unsigned blocks_y, unsigned threads_x, unsigned threads_y, void** arguments)
{
    asked = kernel, given = arguments;
    gridDim = {blocks_x, blocks_y}, blockDim = {threads_x, threads_y};
    const size_t count = threads_x * threads_y;
    stacks.resize(count * STACK);
    waiting = std::vector<jmp_buf>(count);
    for (unsigned block = 0; block < blocks_x * blocks_y; ++block) {
        blockIdx = {block % blocks_x, block / blocks_x};
        ended = 0;
        for (unsigned round = 0; ended == 0; ++round) {
            for (current = 0; current < count; ++current) {
                threadIdx = {unsigned(current % threads_x), unsigned(current / threads_x)};
                if (_setjmp(scheduler)) {
                    continue;
                }
                if (round == 0) {
                    begin();
                } else {
                    _longjmp(waiting[current], 1);
                }
            }
            if (ended != 0 && ended != count) {
                return 0;
            }
        }
    }
    return 1;
}
