// Runs tiles.cu on the processor: what it needs of CUDA, by threads that take turns. Each block is run to its end before the next begins; its
// threads change places wherever they wait for each other.

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

static const size_t STACK = 32 * 1024;
static ucontext_t scheduler;
static ucontext_t* running;

static void __syncthreads()
{
    swapcontext(running, &scheduler);
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
static std::vector<char> done;
static size_t current;

static void thread()
{
    size_t self = current;
    run(asked, given);
    done[self] = 1;
    swapcontext(running, &scheduler);
}

// Like cuLaunchKernel: `arguments` point to the values. 1 if all threads always waited for each other together, as a GPU needs it.
extern "C" int launch(const char* kernel, unsigned blocks_x, unsigned blocks_y, unsigned threads_x, unsigned threads_y, void** arguments)
{
    asked = kernel, given = arguments;
    gridDim = {blocks_x, blocks_y}, blockDim = {threads_x, threads_y};
    size_t count = threads_x * threads_y;
    static std::vector<char> stacks;
    stacks.resize(count * STACK);
    std::vector<ucontext_t> threads(count);
    for (unsigned block = 0; block < blocks_x * blocks_y; ++block) {
        blockIdx = {block % blocks_x, block / blocks_x};
        done.assign(count, 0);
        for (size_t i = 0; i < count; ++i) {
            getcontext(&threads[i]);
            threads[i].uc_stack.ss_sp = stacks.data() + i * STACK;
            threads[i].uc_stack.ss_size = STACK;
            makecontext(&threads[i], thread, 0);
        }
        size_t ended = 0;
        while (ended == 0) {
            for (current = 0; current < count; ++current) {
                threadIdx = {unsigned(current % threads_x), unsigned(current / threads_x)};
                running = &threads[current];
                swapcontext(&scheduler, running);
                ended += done[current];
            }
            if (ended != 0 && ended != count) {
                return 0;
            }
        }
    }
    return 1;
}
