// The rasteriser's loops for a GPU: the same formulas and limits as kernels.py, other ways of sharing the work.
//
// The picture is cut into tiles of SIDE x SIDE pixels. Each has a list of the splats that may touch it, nearest first: its entries.
// A block of threads works on one tile, a thread on one pixel. Nothing is added by several threads at the same place, so that the
// same splats give the same bits in every run.
//
// Compiled at run time (see nvrtc.py), and for the processor by the tests. tiles.py says what SIDE, NUMBERS, SUMS, FAINT and OPAQUE are.

#define PIXELS (SIDE * SIDE)

// Sums are taken in two steps: PARTS threads each add PIXELS / PARTS numbers, then one adds theirs.
#define PARTS 16

// Space between the rows of a table that several rows of threads read at once, chosen so that they do not read the same bank.
#define ROW (PIXELS + PARTS)

static __device__ float alpha_of(const float* splat, float dx, float dy)
{
    float z = (splat[2] * dx + splat[3] * dy) * dx + (splat[4] * dy * dy + splat[5]);
    return z >= FAINT ? expf(8.0f * z) : 0.0f;
}

// image (H, W, 3) and transmittance (H, W), before `background` (H, W, 3), or black where it is null.
// start: (tiles + 1,) where each tile's entries begin; entries: numbers of the splats.
extern "C" __global__ void draw(
    const float* shapes, const int* start, const int* entries, const float* background, float* image, float* transmittance, int width,
    int height)
{
    int x = blockIdx.x * SIDE + threadIdx.x, y = blockIdx.y * SIDE + threadIdx.y;
    if (x >= width || y >= height) {
        return;
    }
    int tile = blockIdx.y * gridDim.x + blockIdx.x;
    float seen = 1.0f, red = 0.0f, green = 0.0f, blue = 0.0f;
    for (int entry = start[tile]; entry < start[tile + 1]; ++entry) {
        const float* splat = shapes + NUMBERS * entries[entry];
        float weight = seen * alpha_of(splat, x - splat[0], y - splat[1]);
        seen -= weight;
        red += weight * splat[6];
        green += weight * splat[7];
        blue += weight * splat[8];
    }
    int pixel = y * width + x;
    if (background) {
        red += seen * background[3 * pixel];
        green += seen * background[3 * pixel + 1];
        blue += seen * background[3 * pixel + 2];
    }
    image[3 * pixel] = red;
    image[3 * pixel + 1] = green;
    image[3 * pixel + 2] = blue;
    transmittance[pixel] = seen;
}

// Front to back, as the picture was drawn: with v the gradient of a pixel, T what is seen through the splats before, and S what the splats
// behind and the background add to the loss, dL/dalpha = T (v · colour) - S / (1 - alpha). S begins as v · image + dT · T and loses each
// splat's part in turn.
//
// image, transmittance: what `draw` gave; d_transmittance may be null. places: (E,) where each entry's SUMS numbers go in `sums`.
extern "C" __global__ void differentiate(
    const float* shapes, const int* start, const int* entries, const int* places, const float* image, const float* transmittance,
    const float* d_image, const float* d_transmittance, float* sums, int width, int height)
{
    __shared__ float table[SUMS * ROW];
    __shared__ float parts[SUMS * PARTS];
    int x = blockIdx.x * SIDE + threadIdx.x, y = blockIdx.y * SIDE + threadIdx.y;
    int thread = threadIdx.y * SIDE + threadIdx.x;
    int tile = blockIdx.y * gridDim.x + blockIdx.x;
    // Beyond the picture's edge no gradient is, and all that is added below is 0.
    float seen = 1.0f, behind = 0.0f, red = 0.0f, green = 0.0f, blue = 0.0f;
    if (x < width && y < height) {
        int pixel = y * width + x;
        red = d_image[3 * pixel];
        green = d_image[3 * pixel + 1];
        blue = d_image[3 * pixel + 2];
        behind = red * image[3 * pixel] + green * image[3 * pixel + 1] + blue * image[3 * pixel + 2];
        if (d_transmittance) {
            behind += d_transmittance[pixel] * transmittance[pixel];
        }
    }
    for (int entry = start[tile]; entry < start[tile + 1]; ++entry) {
        const float* splat = shapes + NUMBERS * entries[entry];
        float dx = x - splat[0], dy = y - splat[1];
        float alpha = alpha_of(splat, dx, dy);
        float weight = seen * alpha;
        seen -= weight;
        float pull = red * splat[6] + green * splat[7] + blue * splat[8];
        behind -= weight * pull;
        float k = weight * pull - alpha * behind / (1.0f - alpha);
        float* own = table + thread;
        own[0] = k * dx;
        own[ROW] = k * dy;
        own[2 * ROW] = k * dx * dx;
        own[3 * ROW] = k * dx * dy;
        own[4 * ROW] = k * dy * dy;
        own[5 * ROW] = weight * red;
        own[6 * ROW] = weight * green;
        own[7 * ROW] = weight * blue;
        own[8 * ROW] = k;
        __syncthreads();
        if (thread < SUMS * PARTS) {
            const float* from = table + thread / PARTS * ROW + thread % PARTS;
            float sum = 0.0f;
            for (int step = 0; step < PIXELS; step += PARTS) {
                sum += from[step];
            }
            parts[thread] = sum;
        }
        __syncthreads();
        if (thread < SUMS) {
            float sum = 0.0f;
            for (int part = 0; part < PARTS; ++part) {
                sum += parts[thread * PARTS + part];
            }
            sums[SUMS * places[entry] + thread] = sum;
        }
    }
}

// The gradients (N, 2), (N, 3), (N,), (N, 3) of mean, conic, opacity and colour. A thread adds up one splat's entries, whose sums lie from
// first[splat] to first[splat + 1].
extern "C" __global__ void add_up(
    const float* sums, const int* first, const float* conic, const float* opacity, float* d_mean, float* d_conic, float* d_opacity,
    float* d_colour, int count)
{
    int splat = blockIdx.x * blockDim.x + threadIdx.x;
    if (splat >= count) {
        return;
    }
    float whole[SUMS] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    for (int place = first[splat]; place < first[splat + 1]; ++place) {
        for (int part = 0; part < SUMS; ++part) {
            whole[part] += sums[SUMS * place + part];
        }
    }
    float a = conic[3 * splat], b = conic[3 * splat + 1], c = conic[3 * splat + 2];
    // Of a splat that is not seen the conic may be anything.
    bool drawn = first[splat] < first[splat + 1];
    d_mean[2 * splat] = drawn ? a * whole[0] + b * whole[1] : 0.0f;
    d_mean[2 * splat + 1] = drawn ? b * whole[0] + c * whole[1] : 0.0f;
    d_conic[3 * splat] = -0.5f * whole[2];
    d_conic[3 * splat + 1] = -whole[3];
    d_conic[3 * splat + 2] = -0.5f * whole[4];
    for (int channel = 0; channel < 3; ++channel) {
        d_colour[3 * splat + channel] = whole[5 + channel];
    }
    float slope = drawn ? whole[8] / fminf(opacity[splat], OPAQUE) : 0.0f;
    d_opacity[splat] = opacity[splat] > OPAQUE ? fmaxf(slope, 0.0f) : slope;
}
