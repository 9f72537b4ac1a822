/* Gillespie's direct method for the network of network.py, written by hand: propensities kept in an array, of which an
   event computes again those alone that it changes. Waiting times are logarithms, or with -DZIGGURAT come from the ziggurat
   of Marsaglia and Tsang, as ours do. Parameters in the order of the model; out: the six stocks of each replication. */
#include <math.h>
#include <stdint.h>

static inline uint64_t rotated(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

static inline uint64_t bits(uint64_t *s) { /* xoshiro256++ */
    uint64_t result = rotated(s[0] + s[3], 23) + s[0], moved = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3];
    s[2] ^= moved; s[3] = rotated(s[3], 45);
    return result;
}

static inline double unit(uint64_t drawn) { return (drawn >> 11) * 0x1p-53; }

#ifdef ZIGGURAT
static double edges[257], heights[257];
static void prepare(void) {
    const double last = 7.69711747013104972, area = (last + 1) * exp(-last);
    edges[0] = area * exp(last); edges[1] = last; edges[256] = 0;
    for (int i = 2; i < 256; i++) edges[i] = -log(area / edges[i - 1] + exp(-edges[i - 1]));
    for (int i = 0; i < 257; i++) heights[i] = exp(-edges[i]);
}
static __attribute__((noinline)) double unusual(uint64_t *s, uint64_t drawn) {
    for (;; drawn = bits(s)) {
        int layer = drawn & 255;
        double out = unit(drawn) * edges[layer];
        if (out < edges[layer + 1]) return out;
        if (layer == 0) return edges[1] - log(1 - unit(bits(s)));
        if (heights[layer] + unit(bits(s)) * (heights[layer + 1] - heights[layer]) < exp(-out)) return out;
    }
}
static inline double waiting(uint64_t *s) {
    uint64_t drawn = bits(s);
    int layer = drawn & 255;
    double out = unit(drawn) * edges[layer];
    return out < edges[layer + 1] ? out : unusual(s, drawn);
}
#else
static void prepare(void) {}
static inline double waiting(uint64_t *s) { return -log(1 - unit(bits(s))); }
#endif

long run(uint64_t seed, long replications, double end, const double *p, double *out) {
    uint64_t s[4];
    for (int i = 0; i < 4; i++) { /* SplitMix64 */
        uint64_t x = (seed += 0x9E3779B97F4A7C15ULL);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
        s[i] = x ^ (x >> 31);
    }
    prepare();
    const double ads = p[1], word = p[2] / p[0], fade = p[3], engage = p[4], close = p[5];
    const double lose = p[6], delight = p[7], sour = p[8], churn = p[9], back = p[10];
    long events = 0;
    for (long one = 0; one < replications; one++) {
        double t = 0, a[10], S = p[0] - 50, P = 0, O = 0, C = 40, A = 10, L = 0;
#define MARKET a[0] = ads * S; a[1] = word * S * A
#define PROSPECTS a[2] = fade * P; a[3] = engage * P
#define OFFERS a[4] = close * O; a[5] = lose * O
#define CUSTOMERS a[6] = delight * C; a[8] = churn * C
#define ADVOCATES a[7] = sour * A; a[1] = word * S * A
#define LOST a[9] = back * L
        MARKET; PROSPECTS; OFFERS; CUSTOMERS; ADVOCATES; LOST;
        for (;;) {
            double total = a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7] + a[8] + a[9];
            t += waiting(s) / total;
            if (t > end) break;
            double wanted = unit(bits(s)) * total, sum = a[0];
            int channel = 0;
            while (sum <= wanted && channel < 9) sum += a[++channel];
            events++;
            switch (channel) {
            case 0: case 1: S--; P++; MARKET; PROSPECTS; break;
            case 2: P--; S++; MARKET; PROSPECTS; break;
            case 3: P--; O++; PROSPECTS; OFFERS; break;
            case 4: O--; C++; OFFERS; CUSTOMERS; break;
            case 5: O--; L++; OFFERS; LOST; break;
            case 6: C--; A++; CUSTOMERS; ADVOCATES; break;
            case 7: A--; C++; CUSTOMERS; ADVOCATES; break;
            case 8: C--; L++; CUSTOMERS; LOST; break;
            case 9: L--; S++; LOST; MARKET; break;
            }
        }
        double *row = out + 6 * one;
        row[0] = S; row[1] = P; row[2] = O; row[3] = C; row[4] = A; row[5] = L;
    }
    return events;
}
