/* The model as an engineer writes it who has a day for it and wants it fast.

   What it does: structure of arrays; blocks of W draws whose whole working set stays in the first-level cache; every loop
   over the draws of a block is straight-line code that the compiler vectorises; what rests on parameters alone is worked
   out once a draw, what rests on time once a step; factors that can be merged are merged, divisions by parameters
   are multiplications; exp and power are polynomials that vectorise (vmath.h), or the compiler's own vector library with
   -DLIBRARY. With -ffast-math the compiler orders sums and products as it likes.

   What it does not: no assembly and no intrinsics of one processor, so that it compiles anywhere; no change of the method
   (discounting is exp(-discount t), not a product carried along); no care for zero, infinite or NaN arguments.

   run(p, n, first, last, out): draws first to last - 1 of n; p is 42 rows of n, out is 14 rows of n. */

#include "vmath.h"

#ifdef LIBRARY
#include <math.h>
#define EXP exp
#define POW pow
#else
#define EXP v_exp
#define POW v_pow
#endif

#ifndef W
#define W 32
#endif

#define STEPS 960
#define H 0.0625
#define LOG2 0.6931471805599453
#define LANES _Pragma("omp simd") for (int i = 0; i < W; i++)

enum { /* parameters, in the order in which the model declares them */
    MARKET, START_CUSTOMERS, BUDGET_BEFORE, BUDGET_AFTER, SWITCH, REINVEST, ADS_SHARE, CONTENT_SHARE, ADS_SCALE, ADS_POWER,
    LEADS_AT_SCALE, CONTENT_HALF, CONTENT_HALF_LIFE, INBOUND, TALKING, CIRCLE, QUALIFYING, DROPPING, SEATS,
    DECIDING, USUAL_ODDS, PROOF_GAIN, PROOF_HALF, PROOF_HALF_LIFE, ACTS, PUT_OFF, SETTLING, USUAL_DELIGHT, PRACTICE_HALF,
    PRACTICE_HALF_LIFE, LEARNING, USUAL_CHURN, LOYALTY, DOUBT, HASTE, SOURING, SOOTHING, CALMING, REAWAKENING, PRICE, MARGIN, DISCOUNT,
    PARAMETERS
};

enum {
    STRANGERS, PROSPECTS, EVALUATING, NEWCOMERS, PASSIVES, ADVOCATES, DETRACTORS, LOST, CHURNED, CONTENT, PRACTICE, PROOF, CASH, WORTH,
    STOCKS
};

enum { /* what rests on parameters alone */
    MARGIN_PER_CUSTOMER, TO_PRACTICE, ADS_OVER_SCALE, LEADS_PER_HEAD, CONTENT_FADES, PRACTICE_FADES, PROOF_FADES,
    MINUS_CIRCLE, MINUS_DISCOUNT, MINUS_LOYALTY,
    HOISTED
};

enum { AT_START, IN_THE_MIDDLE, AT_END, TIMES };

typedef double Row[W] __attribute__((aligned(64)));

typedef struct {
    Row p[PARAMETERS], c[HOISTED];
    Row plan, left[TIMES]; /* of this step: budget, and what discounting leaves */
    Row y[STOCKS], at[STOCKS], sum[STOCKS]; /* stocks; where the next slope is taken; the slopes so far */
} Block;

/* The slope of one stock: added to the sum, and to the place where the next slope is taken; the fourth ends the step. */
#define GO(stock, change) do { \
    const double d = change; \
    if (number == 0) { b->sum[stock][i] = d; b->at[stock][i] = b->y[stock][i] + H / 2 * d; } \
    else if (number == 1) { b->sum[stock][i] += 2.0 * d; b->at[stock][i] = b->y[stock][i] + H / 2 * d; } \
    else if (number == 2) { b->sum[stock][i] += 2.0 * d; b->at[stock][i] = b->y[stock][i] + H * d; } \
    else b->y[stock][i] += H / 6 * (b->sum[stock][i] + d); \
} while (0)

/* One slope of the four: everything is read before anything is written. */
static inline __attribute__((always_inline)) void slope(Block *restrict b, const int number, const int when)
{
    LANES {
        const Row *restrict from = number == 0 ? b->y : b->at;
        const double strangers = from[STRANGERS][i], prospects = from[PROSPECTS][i], evaluating = from[EVALUATING][i];
        const double newcomers = from[NEWCOMERS][i], passives = from[PASSIVES][i], advocates = from[ADVOCATES][i];
        const double detractors = from[DETRACTORS][i], lost = from[LOST][i], churned = from[CHURNED][i];
        const double content = from[CONTENT][i], practice = from[PRACTICE][i], proof = from[PROOF][i];

        const double customers = newcomers + passives + advocates + detractors;
        const double earned = b->c[MARGIN_PER_CUSTOMER][i] * customers;
        const double spending = b->plan[i] + b->p[REINVEST][i] * earned;
        GO(CASH, earned - spending);
        GO(WORTH, earned * b->left[when][i]);
        GO(CONTENT, b->p[CONTENT_SHARE][i] * spending - b->c[CONTENT_FADES][i] * content);
        GO(PRACTICE, b->c[TO_PRACTICE][i] * spending + b->p[LEARNING][i] * customers - b->c[PRACTICE_FADES][i] * practice);
        GO(PROOF, b->p[ACTS][i] * advocates - b->c[PROOF_FADES][i] * proof);

        const double leads = b->c[LEADS_PER_HEAD][i] * POW(b->c[ADS_OVER_SCALE][i] * spending, b->p[ADS_POWER][i]);
        const double read = b->p[INBOUND][i] * content / (content + b->p[CONTENT_HALF][i]);
        const double introduced = b->p[TALKING][i] * (1.0 - EXP(b->c[MINUS_CIRCLE][i] * advocates));
        const double attracted = (leads + read + introduced) * strangers;

        const double work = prospects + evaluating;
        const double pace = b->p[SEATS][i] < work ? b->p[SEATS][i] / work : 1.0;
        const double certainty = b->p[PROOF_GAIN][i] * proof / (proof + b->p[PROOF_HALF][i]) - b->p[PUT_OFF][i] * detractors / customers;
        const double odds = b->p[USUAL_ODDS][i] * EXP(certainty);
        const double qualified = pace * b->p[QUALIFYING][i] * prospects;
        const double dropped = b->p[DROPPING][i] * prospects;
        const double decided = pace * b->p[DECIDING][i] * evaluating;
        const double closed = decided * odds / (1.0 + odds);
        const double refused = decided - closed;
        const double again = b->p[REAWAKENING][i] * lost, back = b->p[REAWAKENING][i] * churned;

        const double skill = practice / (practice + b->p[PRACTICE_HALF][i]);
        const double wanted = b->p[USUAL_DELIGHT][i] * (1.0 + skill);
        const double delighted = wanted < 1.0 ? wanted : 1.0;
        const double churn = b->p[USUAL_CHURN][i] * EXP(b->c[MINUS_LOYALTY][i] * skill);
        const double settled = b->p[SETTLING][i] * newcomers;
        const double delight = settled * delighted, satisfied = settled - delight;
        const double calmed = b->p[CALMING][i] * advocates;
        const double soured = b->p[SOURING][i] * (1.0 - skill) * passives;
        const double soothed = b->p[SOOTHING][i] * skill * detractors;
        const double left_new = b->p[DOUBT][i] * churn * newcomers, left = churn * passives;
        const double left_gladly = 0.5 * churn * advocates, left_angry = b->p[HASTE][i] * churn * detractors;

        GO(STRANGERS, -attracted);
        GO(PROSPECTS, attracted - qualified - dropped + again + back);
        GO(EVALUATING, qualified - decided);
        GO(NEWCOMERS, closed - settled - left_new);
        GO(PASSIVES, satisfied + calmed - soured + soothed - left);
        GO(ADVOCATES, delight - calmed - left_gladly);
        GO(DETRACTORS, soured - soothed - left_angry);
        GO(LOST, dropped + refused - again);
        GO(CHURNED, left_new + left + left_gladly + left_angry - back);
    }
}

static void prepare(Block *restrict b)
{
    LANES {
        b->c[MARGIN_PER_CUSTOMER][i] = b->p[MARGIN][i] * b->p[PRICE][i];
        b->c[TO_PRACTICE][i] = 1.0 - b->p[ADS_SHARE][i] - b->p[CONTENT_SHARE][i];
        b->c[ADS_OVER_SCALE][i] = b->p[ADS_SHARE][i] / b->p[ADS_SCALE][i];
        b->c[LEADS_PER_HEAD][i] = b->p[LEADS_AT_SCALE][i] / b->p[MARKET][i];
        b->c[CONTENT_FADES][i] = LOG2 / b->p[CONTENT_HALF_LIFE][i];
        b->c[PRACTICE_FADES][i] = LOG2 / b->p[PRACTICE_HALF_LIFE][i];
        b->c[PROOF_FADES][i] = LOG2 / b->p[PROOF_HALF_LIFE][i];
        b->c[MINUS_CIRCLE][i] = -b->p[CIRCLE][i] / b->p[MARKET][i];
        b->c[MINUS_DISCOUNT][i] = -b->p[DISCOUNT][i];
        b->c[MINUS_LOYALTY][i] = -b->p[LOYALTY][i];
        b->y[STRANGERS][i] = b->p[MARKET][i] - 2.0 * b->p[START_CUSTOMERS][i];
        b->y[PROSPECTS][i] = 0.7 * b->p[START_CUSTOMERS][i];
        b->y[EVALUATING][i] = 0.3 * b->p[START_CUSTOMERS][i];
        b->y[NEWCOMERS][i] = 0.1 * b->p[START_CUSTOMERS][i];
        b->y[PASSIVES][i] = 0.5 * b->p[START_CUSTOMERS][i];
        b->y[ADVOCATES][i] = 0.3 * b->p[START_CUSTOMERS][i];
        b->y[DETRACTORS][i] = 0.1 * b->p[START_CUSTOMERS][i];
        b->y[LOST][i] = b->y[CHURNED][i] = b->y[CASH][i] = b->y[WORTH][i] = 0.0;
        b->y[CONTENT][i] = 60000.0;
        b->y[PRACTICE][i] = 30000.0;
        b->y[PROOF][i] = 5.0;
        b->left[AT_END][i] = 1.0;
    }
}

static void step(Block *restrict b, const double start)
{
    LANES {
        b->plan[i] = start < b->p[SWITCH][i] ? b->p[BUDGET_BEFORE][i] : b->p[BUDGET_AFTER][i];
        b->left[AT_START][i] = b->left[AT_END][i];
        b->left[IN_THE_MIDDLE][i] = EXP(b->c[MINUS_DISCOUNT][i] * (start + H / 2));
        b->left[AT_END][i] = EXP(b->c[MINUS_DISCOUNT][i] * (start + H));
    }
    slope(b, 0, AT_START);
    slope(b, 1, IN_THE_MIDDLE);
    slope(b, 2, IN_THE_MIDDLE);
    slope(b, 3, AT_END);
}

void run(const double *p, long n, long first, long last, double *out)
{
    Block block, *b = &block;
    for (long o = first; o < last; o += W) {
        const long m = last - o < W ? last - o : W; /* the last block is filled up with its first draw */
        for (int j = 0; j < PARAMETERS; j++)
            for (long i = 0; i < W; i++) b->p[j][i] = p[j * n + o + (i < m ? i : 0)];
        prepare(b);
        for (int s = 0; s < STEPS; s++) step(b, s * H);
        for (int j = 0; j < STOCKS; j++)
            for (long i = 0; i < m; i++) out[j * n + o + i] = b->y[j][i];
    }
}
