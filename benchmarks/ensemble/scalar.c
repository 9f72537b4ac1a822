/* The model as a translator prints it: one draw at a time, every variable at file scope, the equations in the order of the
   model, the mathematics of libm. Nothing is hoisted by hand and nothing is written for the vector unit. (Translators
   for system dynamics mostly print Euler; the four slopes of Runge and Kutta are added in the same manner. The variables are
   static, which some translators leave out: the compiler can then do more.)

   run(p, n, first, last, out): draws first to last - 1 of n; p is 42 rows of n, out is 14 rows of n. */

#include <math.h>

#define STOCKS 14

static double _time, _step_start, _time_step = 0.0625;

/* Constants */
static double
    _market, _start_customers, _budget_before, _budget_after, _switch, _reinvest, _ads_share, _content_share,
    _ads_scale, _ads_power, _leads_at_scale, _content_half, _content_half_life, _inbound, _talking, _circle,
    _qualifying, _dropping, _seats, _deciding, _usual_odds, _proof_gain, _proof_half, _proof_half_life, _acts, _put_off,
    _settling, _usual_delight, _practice_half, _practice_half_life, _learning, _usual_churn, _loyalty, _doubt, _haste,
    _souring, _soothing, _calming, _reawakening, _price, _margin, _discount;

/* Levels */
static double
    _strangers, _prospects, _evaluating, _newcomers, _passives, _advocates, _detractors, _lost, _churned, _content,
    _practice, _proof, _cash, _worth;

/* Auxiliaries */
static double
    _customers, _earned, _spending, _value, _write, _fade, _train, _forget, _leads, _reach, _advertise, _read,
    _introduced, _introduce, _pace, _certainty, _odds, _winning, _qualify, _drop, _close, _refuse, _look_again,
    _come_back, _skill, _delighted, _churn, _delight, _satisfy, _calm, _sour, _soothe, _leave_new, _leave,
    _leave_gladly, _leave_angry, _publish, _age;

/* The change of each level */
static double
    _d_strangers, _d_prospects, _d_evaluating, _d_newcomers, _d_passives, _d_advocates, _d_detractors, _d_lost,
    _d_churned, _d_content, _d_practice, _d_proof, _d_cash, _d_worth;

static void initConstants(const double *p, long n)
{
    _market = p[0 * n];
    _start_customers = p[1 * n];
    _budget_before = p[2 * n];
    _budget_after = p[3 * n];
    _switch = p[4 * n];
    _reinvest = p[5 * n];
    _ads_share = p[6 * n];
    _content_share = p[7 * n];
    _ads_scale = p[8 * n];
    _ads_power = p[9 * n];
    _leads_at_scale = p[10 * n];
    _content_half = p[11 * n];
    _content_half_life = p[12 * n];
    _inbound = p[13 * n];
    _talking = p[14 * n];
    _circle = p[15 * n];
    _qualifying = p[16 * n];
    _dropping = p[17 * n];
    _seats = p[18 * n];
    _deciding = p[19 * n];
    _usual_odds = p[20 * n];
    _proof_gain = p[21 * n];
    _proof_half = p[22 * n];
    _proof_half_life = p[23 * n];
    _acts = p[24 * n];
    _put_off = p[25 * n];
    _settling = p[26 * n];
    _usual_delight = p[27 * n];
    _practice_half = p[28 * n];
    _practice_half_life = p[29 * n];
    _learning = p[30 * n];
    _usual_churn = p[31 * n];
    _loyalty = p[32 * n];
    _doubt = p[33 * n];
    _haste = p[34 * n];
    _souring = p[35 * n];
    _soothing = p[36 * n];
    _calming = p[37 * n];
    _reawakening = p[38 * n];
    _price = p[39 * n];
    _margin = p[40 * n];
    _discount = p[41 * n];
}

static void initLevels(void)
{
    _strangers = _market - 2.0 * _start_customers;
    _prospects = 0.7 * _start_customers;
    _evaluating = 0.3 * _start_customers;
    _newcomers = 0.1 * _start_customers;
    _passives = 0.5 * _start_customers;
    _advocates = 0.3 * _start_customers;
    _detractors = 0.1 * _start_customers;
    _lost = 0.0;
    _churned = 0.0;
    _content = 60000.0;
    _practice = 30000.0;
    _proof = 5.0;
    _cash = 0.0;
    _worth = 0.0;
}

static void evalAux(void)
{
    _customers = _newcomers + _passives + _advocates + _detractors;
    _earned = _margin * _price * _customers;
    _spending = (_step_start < _switch ? _budget_before : _budget_after) + _reinvest * _earned;
    _value = _earned * exp(-_discount * _time);
    _write = _content_share * _spending;
    _fade = log(2.0) / _content_half_life * _content;
    _train = (1.0 - _ads_share - _content_share) * _spending + _learning * _customers;
    _forget = log(2.0) / _practice_half_life * _practice;
    _leads = _leads_at_scale * pow(_ads_share * _spending / _ads_scale, _ads_power);
    _reach = _content / (_content + _content_half);
    _advertise = _leads / _market * _strangers;
    _read = _inbound * _reach * _strangers;
    _introduced = _talking * (1.0 - exp(-_circle * _advocates / _market));
    _introduce = _introduced * _strangers;
    _pace = fmin(1.0, _seats / (_prospects + _evaluating));
    _certainty = _proof_gain * _proof / (_proof + _proof_half) - _put_off * _detractors / _customers;
    _odds = _usual_odds * exp(_certainty);
    _winning = _odds / (1.0 + _odds);
    _qualify = _pace * _qualifying * _prospects;
    _drop = _dropping * _prospects;
    _close = _pace * _deciding * _winning * _evaluating;
    _refuse = _pace * _deciding * (1.0 - _winning) * _evaluating;
    _look_again = _reawakening * _lost;
    _come_back = _reawakening * _churned;
    _skill = _practice / (_practice + _practice_half);
    _delighted = fmin(1.0, _usual_delight * (1.0 + _skill));
    _churn = _usual_churn * exp(-_loyalty * _skill);
    _delight = _settling * _delighted * _newcomers;
    _satisfy = _settling * (1.0 - _delighted) * _newcomers;
    _calm = _calming * _advocates;
    _sour = _souring * (1.0 - _skill) * _passives;
    _soothe = _soothing * _skill * _detractors;
    _leave_new = _doubt * _churn * _newcomers;
    _leave = _churn * _passives;
    _leave_gladly = 0.5 * _churn * _advocates;
    _leave_angry = _haste * _churn * _detractors;
    _publish = _acts * _advocates;
    _age = log(2.0) / _proof_half_life * _proof;
}

static void evalRates(void)
{
    _d_strangers = -_advertise - _read - _introduce;
    _d_prospects = _advertise + _read + _introduce - _qualify - _drop + _look_again + _come_back;
    _d_evaluating = _qualify - _close - _refuse;
    _d_newcomers = _close - _delight - _satisfy - _leave_new;
    _d_passives = _satisfy + _calm - _sour + _soothe - _leave;
    _d_advocates = _delight - _calm - _leave_gladly;
    _d_detractors = _sour - _soothe - _leave_angry;
    _d_lost = _drop + _refuse - _look_again;
    _d_churned = _leave_new + _leave + _leave_gladly + _leave_angry - _come_back;
    _d_content = _write - _fade;
    _d_practice = _train - _forget;
    _d_proof = _publish - _age;
    _d_cash = _earned - _spending;
    _d_worth = _value;
}

static double *const levels[STOCKS] = {
    &_strangers, &_prospects, &_evaluating, &_newcomers, &_passives, &_advocates, &_detractors, &_lost, &_churned,
    &_content, &_practice, &_proof, &_cash, &_worth
};

static double *const changes[STOCKS] = {
    &_d_strangers, &_d_prospects, &_d_evaluating, &_d_newcomers, &_d_passives, &_d_advocates, &_d_detractors, &_d_lost,
    &_d_churned, &_d_content, &_d_practice, &_d_proof, &_d_cash, &_d_worth
};

void run(const double *p, long n, long first, long last, double *out)
{
    static const double ahead[4] = {0.5, 0.5, 1.0, 0.0}, weight[4] = {1.0, 2.0, 2.0, 1.0};
    const int steps = 960;
    for (long draw = first; draw < last; draw++) {
        initConstants(p + draw, n);
        initLevels();
        for (int step = 0; step < steps; step++) {
            double start[STOCKS], sum[STOCKS] = {0.0};
            _step_start = step * _time_step;
            _time = _step_start;
            for (int i = 0; i < STOCKS; i++) start[i] = *levels[i];
            for (int slope = 0; slope < 4; slope++) {
                evalAux();
                evalRates();
                for (int i = 0; i < STOCKS; i++) {
                    sum[i] += weight[slope] * *changes[i];
                    *levels[i] = start[i] + ahead[slope] * _time_step * *changes[i];
                }
                _time = _step_start + ahead[slope] * _time_step;
            }
            for (int i = 0; i < STOCKS; i++) *levels[i] = start[i] + _time_step / 6.0 * sum[i];
        }
        for (int i = 0; i < STOCKS; i++) out[i * n + draw] = *levels[i];
    }
}
