/* exp and power that vectorise, because they are plain arithmetic: libm's are calls.

   Good to one or two units in the last place for ordinary arguments, which is what a model has: exp is held to the
   range of normal numbers, and power takes normal positive bases. No zero, infinity or NaN is cared for. */

#include <stdint.h>
#include <string.h>

static inline int64_t bits_of(double x) { int64_t b; memcpy(&b, &x, 8); return b; }
static inline double from_bits(int64_t b) { double x; memcpy(&x, &b, 8); return x; }

/* Adding this leaves a small whole number in the low bits. */
#define WHOLE 6755399441055744.0

/* exp(x) = 2^k exp(r), |r| <= log(2)/2, and a polynomial for the rest: 1.7e-17 off before rounding. */
static inline double v_exp(double x)
{
    x = x < -708.0 ? -708.0 : x;
    x = x > 709.0 ? 709.0 : x;
    const double k = __builtin_rint(x * 1.4426950408889634);
    const double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double q = 2.510038549551032e-08;
    q = q * r + 2.7620088445409746e-07;
    q = q * r + 2.7557268459997064e-06;
    q = q * r + 2.4801521295954376e-05;
    q = q * r + 0.00019841269863053618;
    q = q * r + 0.0013888888917213717;
    q = q * r + 0.008333333333330062;
    q = q * r + 0.04166666666662413;
    q = q * r + 0.16666666666666669;
    q = q * r + 0.5;
    q = q * (r * r) + r + 1.0;
    return from_bits(bits_of(q) + (int64_t)((uint64_t)bits_of(k + WHOLE) << 52));
}

/* log(x) = k log(2) + log(m), m within sqrt(1/2) and sqrt(2), by the series of atanh((m - 1) / (m + 1)). */
static inline double v_log(double x)
{
    const int64_t b = bits_of(x);
    const int64_t e = (b - 0x3fe6a09e667f3bcdLL) >> 52;
    const double m = from_bits(b - (int64_t)((uint64_t)e << 52));
    const double k = from_bits(e + 0x4338000000000000LL) - WHOLE;
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double q = 0.14616585424888623;
    q = q * z + 0.15331710618210773;
    q = q * z + 0.18182889455674947;
    q = q * z + 0.22222211130259878;
    q = q * z + 0.2857142862600327;
    q = q * z + 0.39999999999899444;
    q = q * z + 0.666666666666667;
    return k * 0.6931471805599453 + (2.0 * s + s * (z * q));
}

static inline double v_pow(double x, double e) { return v_exp(e * v_log(x)); }
