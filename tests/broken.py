"""A sound scenario, and one file for each way in which it can be broken: what is wrong, where, and what to write instead."""

GOOD = """\
title = "Test"
model = "growth"
months = 60

[values]
price = "$25,000/year"

[strategies.funnel]
set = { budget = "$150k/month" }
split = { ads = 0.5, sellers = 0.5 }

[strategies.flywheel]
like = "funnel"
off = ["referral"]
"""

MOVE = 'lever = "budget"\nkind = "step"\nat = 24\nto = "$0/month"\n'
SECOND = "[[strategies.flywheel.moves]]\n"
BARE = 'title="a"\nmodel="growth"\nmonths=6\n'


def sub(old, new, text=GOOD):
    """The sound file with one thing changed."""
    assert old in text
    return text.replace(old, new, 1)


def top(line):
    return sub("months = 60", f"months = 60\n{line}")


def values(line):
    return sub('price = "$25,000/year"', line)


def move(body):
    return f"{GOOD}\n{SECOND}{body}"


# fmt: off
# What the file is like, its text, and each fault: line and column, words of the cause, words of the remedy.
BROKEN = [
    ("decimal comma", values("margin = 0,45"), [("6:10", "'0,45' is no number: decimals stand behind a point", "write 0.45")]),
    ("decimal comma in a split", sub("ads = 0.5", "ads = 0,5"), [("10:17", "'0,5' is no number: decimals stand behind a point", "write 0.5")]),
    ("strategy of two words", sub("[strategies.flywheel]", "[strategies.as is]"), [("12:1", "a name with spaces stands in quotes", 'write [strategies."as is"]')]),
    ("moves of two words", GOOD + "[[strategies.as is.moves]]\n", [("15:1", "a name with spaces stands in quotes", 'write [[strategies."as is".moves]]')]),
    ("misspelt top", sub("months = 60","moths = 60"), [("3:1", "unknown key 'moths'", "did you mean 'months'?")]),
    ("misspelt values table", sub("[values]","[value]"), [("5:2", "unknown key 'value'", "did you mean 'values'?")]),
    ("misspelt strategies", GOOD.replace("strategies","strategy"), [("8:2", "unknown key 'strategy'", "did you mean 'strategies'?")]),
    ("misspelt param", values('pricee = "$25,000/year"'), [("6:1", "the model has no parameter 'pricee'", "did you mean 'price'?")]),
    ("unknown param", values("wombat = 3"), [("6:1", "the model has no parameter 'wombat'", "see all parameters with: flywheel models growth")]),
    ("param top", top('price = "$25,000/year"'), [("4:1", "unknown key 'price'", "'price' belongs in the table [values]")]),
    ("key after table", values('price = "$25,000/year"\nbaseline = "funnel"'), [("7:1", "the model has no parameter 'baseline'", "'baseline' belongs at the top of the file, before the first [table]")]),
    ("misspelt strategy key", sub("like = ","lik = "), [("13:1", "unknown key 'strategies.flywheel.lik'", "did you mean 'like'?")]),
    ("lever in strategy", sub('like = "funnel"','like = "funnel"\nbudget = "$100k/month"'), [("14:1", "unknown key 'strategies.flywheel.budget'", "'budget' is a lever; write set = { budget = ... } in a strategy")]),
    ("param in strategy", sub('like = "funnel"','like = "funnel"\nprice = "$30k/year"'), [("14:1", "unknown key 'strategies.flywheel.price'", "'price' belongs in the table [values]")]),
    ("share in strategy", sub('like = "funnel"','like = "funnel"\nads = 0.4'), [("14:1", "unknown key 'strategies.flywheel.ads'", "'ads' is a share of the split; write split = { ads = ... } in a strate")]),
    ("loop in strategy", sub('off = ["referral"]',"referral = false"), [("14:1", "unknown key 'strategies.flywheel.referral'", '\'referral\' is a loop or friction; write off = ["referral"] in a strate')]),
    ("lever in values", values('budget = "$100k/month"'), [("6:1", "'budget' is what strategies decide, not part of the business", "'budget' is a lever; write set = { budget = ... } in a strategy")]),
    ("split in values", values("spread = { ads = 1 }"), [("6:1", "'spread' is what strategies decide, not part of the business", "write split = { ... } in a strategy")]),
    ("metric in values", values("cash = 3"), [("6:1", "the model has no parameter 'cash'", "'cash' is computed; it cannot be set")]),
    ("stock in values", values("advocates = 3"), [("6:1", "the model has no parameter 'advocates'", "'advocates' is computed from its start on; see flywheel models for wha")]),
    ("split in set", sub('set = { budget = "$150k/month" }',"set = { split = { ads = 1 } }"), [("9:9", "'split' is the split of the budget, and not set like a lever", "write split = { ... } beside set")]),
    ("spread in set", sub('set = { budget = "$150k/month" }',"set = { spread = { ads = 1 } }"), [("9:9", "'spread' is the split of the budget, and not set like a lever", "write split = { ... } beside set")]),
    ("share in set", sub('set = { budget = "$150k/month" }',"set = { ads = 0.3 }"), [("9:9", "the model has no lever 'ads'", "'ads' is a share of the split; write split = { ads = ... } in a strate")]),
    ("misspelt lever", sub("budget","bugdet"), [("9:9", "the model has no lever 'bugdet'", "did you mean 'budget'?")]),
    ("out of limits", sub("set = { budget","set = { rigidity = 1.5, budget"), [("9:20", "'rigidity' is 1.5, outside its limits", "write 0 to 1")]),
    ("share 50", sub("set = { budget","set = { rigidity = 50, budget"), [("9:20", "'rigidity' is 50, outside its limits", 'this is a share; for 50 % write 0.5 or "50 %"')]),
    ("negative", values("price = -3"), [("6:9", "'price' is -$3/month, outside its limits", "write $0/month or more")]),
    ("limits quantity", values('qualifying_time = "1 day"'), [("6:19", "'qualifying_time' is 1 day, outside its limits", "write 1.52188 days or more")]),
    ("limits percent", values('margin = "120 %"'), [("6:10", "'margin' is 120 %, outside its limits", "write 0 % to 100 %")]),
    ("limits hazard", values('churn = "-5 %/year"'), [("6:9", "'churn' is -5 %/year, outside its limits", "write 0 %/year or more")]),
    ("wrong unit", values('price = "3 months"'), [("6:9", "'price': '3 months' is in months, not in $/account/month", 'write it like "$25,000/year"')]),
    ("missing time", values('price = "$25,000"'), [("6:9", "'price': '$25,000' is in $, not in $/account/month", 'write it like "$25,000/year"')]),
    ("percent hazard", values('churn = "12 %"'), [("6:9", "'churn': '12 %' does not say per what time", 'write "12 %/year" or "12 %/month"')]),
    ("percent share time", values('margin = "79 %/year"'), [("6:10", "'margin': '79 %/year' is a percentage per year; this is a share, without time", 'write "79 %"')]),
    ("hundred", values('churn = "100 %/year"'), [("6:9", "'churn': '100 %/year' leaves nobody: a hazard has no 100 %", 'write less than 100 %, or a plain rate such as "2/month"')]),
    ("split not 1", sub("ads = 0.5","ads = 0.4"), [("10:9", "the shares are together 0.9, not 1", "0.1 is missing")]),
    ("split too much", sub("ads = 0.5","ads = 0.75"), [("10:9", "the shares are together 1.25, not 1", "0.25 is too much")]),
    ("split unknown", sub("ads = 0.5","adds = 0.5"), [("10:11", "the split has no 'adds'", "did you mean 'ads'?")]),
    ("split empty", sub("{ ads = 0.5, sellers = 0.5 }","{}"), [("10:9", "the shares are together 0, not 1", "1 is missing")]),
    ("split 40", sub("ads = 0.5, sellers = 0.5","ads = 40, sellers = 60"), [("10:17", "'ads' is 40, outside its limits", 'this is a share; for 40 % write 0.4 or "40 %"'), ("10:31", "'sellers' is 60, outside its limits", 'this is a share; for 60 % write 0.6 or "60 %"')]),
    ("move late", move(MOVE.replace("24","60")), [("19:6", "this move comes too late: the run ends with month 60", "write a month below 60, or make months longer")]),
    ("move negative", move(MOVE.replace("24","-1")), [("19:6", "a move cannot begin before month 0", "write a month from 0 on")]),
    ("move overlap", move(MOVE.replace('"step"','"ramp"\nover = 6')+SECOND+MOVE.replace("24","28")), [("25:6", "'budget' is still moving until month 30", "let one move end before the next begins")]),
    ("move twice", move(MOVE+SECOND+MOVE), [("24:6", "two moves of 'budget' begin in month 24", "take one of the two out")]),
    ("ramp without over", move(MOVE.replace("step","ramp")), [("16:3", "a ramp needs 'over'", 'write over = "6 months"')]),
    ("pulse without for", move(MOVE.replace("step","pulse")), [("16:3", "a pulse needs 'for'", 'write for = "6 months"')]),
    ("pulse with over", move(MOVE.replace("step","pulse")+"over = 3\n"), [("21:1", "a pulse has no 'over'", 'write for instead, or write kind = "ramp"')]),
    ("step with for", move(MOVE+"for = 3\n"), [("21:1", "a step has no 'for'", 'take it out, or write kind = "pulse"')]),
    ("ramp zero", move(MOVE.replace("step","ramp")+"over = 0\n"), [("21:8", "a ramp takes some time", 'write over = "6 months"')]),
    ("move wrong key", move(MOVE+"unitl = 30\n"), [("21:1", "unknown key 'strategies.flywheel.moves[1].unitl'", "the keys here are lever, kind, at, to, over, for, note")]),
    ("move key split", move(MOVE+"split = { ads = 1 }\n"), [("21:1", "unknown key 'strategies.flywheel.moves[1].split'", "'split' belongs in a strategy, before its moves: [strategies.NAME]")]),
    ("move non lever", move(MOVE.replace("budget","churn").replace('"$0/month"',"0.1")), [("17:9", "'churn' is no lever", "only levers move during a run; set 'churn' once, in [values] or in a s")]),
    ("move unknown lever", move(MOVE.replace("budget","bugdet")), [("17:9", "there is no lever 'bugdet'", "did you mean 'budget'?")]),
    ("move wild lever", move(MOVE.replace("budget","wombat")), [("17:9", "there is no lever 'wombat'", "the levers are budget, reinvest, rigidity, shared_marketing, shared_sa")]),
    ("move split number", move(MOVE.replace("budget","split").replace('"$0/month"',"0.1")), [("20:6", "the split moves to a whole new split, not to the number 0.1", "write to = { ads = 0.5, sellers = 0.5 }")]),
    ("move split not 1", move(MOVE.replace("budget","split").replace('"$0/month"',"{ ads = 0.1 }")), [("20:6", "the shares are together 0.1, not 1", "0.9 is missing")]),
    ("move to table", move(MOVE.replace('"$0/month"',"{ low = 1, typical = 2, high = 3 }")), [("20:6", "'budget' is a table, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("move kind", move(MOVE.replace("step","stepp")), [("18:8", "'strategies.flywheel.moves[1].kind' is the text 'stepp', which is no kind of move", "did you mean 'step'?")]),
    ("move kind2", move(MOVE.replace('"step"',"7")), [("18:8", "'strategies.flywheel.moves[1].kind' is the number 7, which is no kind of move", "the kinds are step, ramp, pulse")]),
    ("move missing", move('lever = "budget"\n'), [("16:3", "'strategies.flywheel.moves[1].kind' is missing", 'write kind = "step", "ramp" or "pulse"'), ("16:3", "'strategies.flywheel.moves[1].at' is missing", "write at = 24"), ("16:3", "'strategies.flywheel.moves[1].to' is missing", 'write to = "$0/month"')]),
    ("move at date", move(MOVE.replace("24","2025-01-01")), [("19:6", "'at' is a date, and must be a number of months", 'write a number of months, or a quantity such as "2 years"')]),
    ("move at unit", move(MOVE.replace("24",'"$5"')), [("19:6", "'at': '$5' is in $, not in months", 'write it like "3 months"')]),
    ("move at bool", move(MOVE.replace("24","true")), [("19:6", "'at' is true, and must be a number of months", 'write a number of months, or a quantity such as "2 years"')]),
    ("move single bracket", GOOD+"[strategies.flywheel.moves]\n"+MOVE, [("15:2", "'strategies.flywheel.moves' is a table, and must be a list", "add a table in double brackets: [[strategies.NAME.moves]]")]),
    ("moves not tables", sub('off = ["referral"]',"moves = [1, 2]"), [("14:10", "'strategies.flywheel.moves[1]' is the number 1, and must be a table", "add a table in double brackets: [[strategies.NAME.moves]]"), ("14:13", "'strategies.flywheel.moves[2]' is the number 2, and must be a table", "add a table in double brackets: [[strategies.NAME.moves]]")]),
    ("loop unknown", sub('["referral"]','["referal"]'), [("14:8", "there is no loop or friction 'referal'", "did you mean 'referral'?")]),
    ("loop wild", sub('["referral"]','["wombat"]'), [("14:8", "there is no loop or friction 'wombat'", "those that can be off are referral, proof, practice, reactivation, rei")]),
    ("loop balancing", sub('["referral"]','["saturation"]'), [("14:8", "the loop 'saturation' is part of the world and always runs", "take it out; those that can be off are referral, proof, practice, reac")]),
    ("loop label", sub('["referral"]','["R1"]'), [("14:8", "there is no loop or friction 'R1'", "did you mean 'referral'?")]),
    ("off text", sub('["referral"]','"referral"'), [("14:7", "'strategies.flywheel.off' is the text 'referral', and must be a list", 'write off = ["referral"]')]),
    ("off number", sub('["referral"]',"[1]"), [("14:8", "'strategies.flywheel.off[1]' is the number 1, and must be text in quotes", 'write off = ["referral", "proof"]')]),
    ("title number", sub('"Test"',"5"), [("1:9", "'title' is the number 5, and must be text in quotes", 'write title = "A business choosing where the next dollar goes"')]),
    ("title date", sub('"Test"',"2025-01-01"), [("1:9", "'title' is a date, and must be text in quotes", 'write title = "A business choosing where the next dollar goes"')]),
    ("title empty", sub('"Test"','""'), [("1:9", "'title' is empty", 'write title = "A business choosing where the next dollar goes"')]),
    ("title blank", sub('"Test"','"  "'), [("1:9", "'title' is blank", "say what the scenario is about")]),
    ("title newline", sub('"Test"','"a\\nb"'), [("1:9", "'title' holds control characters", "write plain text on one line")]),
    ("title escape", sub('"Test"','"a\\u001bb"'), [("1:9", "'title' holds control characters", "write plain text on one line")]),
    ("title bidi", sub('"Test"','"a\u202eb"'), [("1:9", "'title' holds control characters", "write plain text on one line")]),
    ("model list", sub('"growth"','["growth"]'), [("2:9", "'model' is a list, and must be text in quotes", 'write model = "growth"')]),
    ("model unknown", sub('"growth"','"growht"'), [("2:9", "there is no model 'growht'", "did you mean 'growth'?")]),
    ("model wild", sub('"growth"','"wombat"'), [("2:9", "there is no model 'wombat'", "the models are growth, bass")]),
    ("months 0", sub("60","0"), [("3:10", "'months' is the number 0", "write a whole number from 1 to 600")]),
    ("months 601", sub("60","601"), [("3:10", "'months' is the number 601", "write a whole number from 1 to 600")]),
    ("months float", sub("60","6.5"), [("3:10", "'months' is the number 6.5, and must be a whole number", "write months = 60")]),
    ("months 60f", sub("60","60.0"), [("3:10", "'months' is the number 60.0, and must be a whole number", "write months = 60")]),
    ("months text", sub("60",'"60"'), [("3:10", "'months' is the text '60', and must be a whole number", "write months = 60")]),
    ("months text2", sub("60",'"5 years"'), [("3:10", "'months' is the text '5 years', and must be a whole number", "write months = 60")]),
    ("months bool", sub("60","true"), [("3:10", "'months' is true, and must be a whole number", "write months = 60")]),
    ("months strategy", sub('like = "funnel"','like = "funnel"\nmonths = 0'), [("14:10", "'strategies.flywheel.months' is the number 0", "write a whole number from 1 to 600")]),
    ("values number", sub('[values]\nprice = "$25,000/year"',"values = 3"), [("5:10", "'values' is the number 3, and must be a table", 'add a table [values] with lines such as price = "$25,000/year"')]),
    ("strategies list", BARE+"strategies=[]\n", [("4:12", "'strategies' is a list, and must be a table", "add a table: [strategies.funnel]")]),
    ("strategies empty", BARE+"strategies={}\n", [("4:1", "there is no strategy", "add a table: [strategies.funnel]")]),
    ("strategy number", BARE+"[strategies]\nfunnel = 5\n", [("5:10", "'strategies.funnel' is the number 5, and must be a table", "write a table: [strategies.funnel]")]),
    ("set list", sub('{ budget = "$150k/month" }',"[]"), [("9:7", "'strategies.funnel.set' is a list, and must be a table", 'write set = { budget = "$150k/month" }')]),
    ("split text", sub("{ ads = 0.5, sellers = 0.5 }",'"even"'), [("10:9", "'strategies.funnel.split' is the text 'even', and must be a table", "write split = { ads = 0.5, sellers = 0.5 }")]),
    ("like number", sub('like = "funnel"',"like = 3"), [("13:8", "'strategies.flywheel.like' is the number 3, and must be text in quotes", 'write like = "funnel"')]),
    ("note number", sub('like = "funnel"',"note = 3"), [("13:8", "'strategies.flywheel.note' is the number 3, and must be text in quotes", 'write note = "What this is about"')]),
    ("compare text", top('compare = "customers"'), [("4:11", "'compare' is the text 'customers', and must be a table", 'write compare = { by = "customers" }')]),
    ("compare unknown", top('compare = { by = "custommers" }'), [("4:18", "there is no 'custommers' to compare by", "did you mean 'customers'?")]),
    ("compare wild", top('compare = { by = "wombat" }'), [("4:18", "there is no 'wombat' to compare by", "the metrics are customers, new_customers, spend, total_spend, revenue,")]),
    ("compare arrayed", top('compare = { by = "prospects" }'), [("4:18", "'prospects' has a value for each label, and cannot decide who is ahead", "the metrics are customers, new_customers, spend, total_spend, revenue,")]),
    ("compare aux", top('compare = { by = "spending" }'), [("4:18", "'spending' is no metric, stock or group, and cannot decide who is ahead", "did you mean 'spend'?")]),
    ("compare marginal", top('compare = { by = "marginal_acquisition_cost" }'), [("4:18", "'marginal_acquisition_cost' is measured in a second run, and cannot decide who is ahead", "did you mean 'acquisition_cost'?")]),
    ("compare key", top('compare = { bye = "cash" }'), [("4:13", "unknown key 'compare.bye'", "did you mean 'by'?")]),
    ("compare param", top('compare = { by = "price" }'), [("4:18", "'price' is no metric, stock or group, and cannot decide who is ahead", "the metrics are customers, new_customers, spend, total_spend, revenue,")]),
    ("baseline unknown", top('baseline = "funel"'), [("4:12", "the baseline 'funel' is no strategy of this file", "did you mean 'funnel'?")]),
    ("baseline wild", top('baseline = "x"'), [("4:12", "the baseline 'x' is no strategy of this file", "the strategies are funnel, flywheel")]),
    ("baseline number", top("baseline = 1"), [("4:12", "'baseline' is the number 1, and must be text in quotes", 'write baseline = "funnel"')]),
    ("like self", sub('like = "funnel"','like = "flywheel"'), [("13:8", "'flywheel' starts from itself: flywheel → flywheel", "take one like = ... out")]),
    ("like unknown", sub('like = "funnel"','like = "funel"'), [("13:8", "there is no strategy 'funel' to start from", "did you mean 'funnel'?")]),
    ("like circle", GOOD+'[strategies.a]\nlike = "b"\n[strategies.b]\nlike = "c"\n[strategies.c]\nlike = "a"\n[strategies.d]\nlike = "a"\n', [("16:8", "'a' starts from itself: a → b → c → a", "take one like = ... out")]),
    ("no strategy", BARE+"", [("1:1", "'strategies' is missing", "add a table: [strategies.funnel]")]),
    ("empty", "", [("1:1", "there is nothing in this file", "write a scenario to start from with: flywheel new NAME")]),
    ("comments", "# only\n# comments\n", [("1:1", "there is nothing in this file", "write a scenario to start from with: flywheel new NAME")]),
    ("nan", values("price = nan"), [("6:9", "'price' is the number nan, which is no number to plan with", 'write it like "$25,000/year"')]),
    ("inf", values("price = inf"), [("6:9", "'price' is the number inf, which is no number to plan with", 'write it like "$25,000/year"')]),
    ("minf", values("price = -inf"), [("6:9", "'price' is the number -inf, which is no number to plan with", 'write it like "$25,000/year"')]),
    ("boolean", values("price = true"), [("6:9", "'price' is true, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("date", values("price = 2025-01-01"), [("6:9", "'price' is a date, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("time", values("price = 12:00:00"), [("6:9", "'price' is a time of day, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("list ", values("price = [1, 2]"), [("6:9", "'price' is a list, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("tab", values("price = {}"), [("6:9", "'price' has no labels, so it is no table", 'write one value, like "$25,000/year", or { low = ..., typical = ..., h')]),
    ("strat path", sub("[strategies.flywheel]",'[strategies."../../x"]'), [("12:2", "'../../x' cannot be the name of a strategy", "use up to 40 letters, digits, spaces, - and _")]),
    ("strat empty", sub("[strategies.flywheel]",'[strategies.""]'), [("12:2", "'' cannot be the name of a strategy", "use up to 40 letters, digits, spaces, - and _")]),
    ("strat case", sub("[strategies.flywheel]","[strategies.Funnel]"), [("12:2", "'Funnel' and 'funnel' are too alike", "give the two strategies names that differ in more than that")]),
    ("strat long", sub("[strategies.flywheel]","[strategies."+"x"*41+"]"), [("12:2", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' cannot be the name of a strategy", "use up to 40 letters, digits, spaces, - and _")]),
    ("strat markup", sub("[strategies.flywheel]",'[strategies."[bold]"]'), [("12:2", "'[bold]' cannot be the name of a strategy", "use up to 40 letters, digits, spaces, - and _")]),
    ("strat control", sub("[strategies.flywheel]",'[strategies."a\\u0007b"]'), [("12:2", "'a�b' cannot be the name of a strategy", "use up to 40 letters, digits, spaces, - and _")]),
    ("low high", values("price = { low = 3000, typical = 2000, high = 4000 }"), [("6:17", "'price': low is above typical", "write the least as low and the greatest as high")]),
    ("typ high", values("price = { low = 1000, typical = 5000, high = 4000 }"), [("6:33", "'price': typical is above high", "write the least as low and the greatest as high")]),
    ("no typical", values("price = { low = 1000, high = 4000 }"), [("6:9", "the uncertain value of 'price' lacks typical", "write { low = ..., typical = ..., high = ... }")]),
    ("no typical2", values("price = { low = 1000, typcial = 3, high = 4000 }"), [("6:23", "an uncertain value has no 'typcial'", "did you mean 'typical'?")]),
    ("uncertain extra", values("price = { low = 1, typical=2, high=3, best=9 }"), [("6:39", "an uncertain value has no 'best'", "write { low = ..., typical = ..., high = ... }")]),
    ("uncertain bad", values('price = { low = "x", typical="$3", high=true }'), [("6:17", "'price': 'x' is not a quantity", 'write it like "$25,000/year"'), ("6:30", "'price': '$3' is in $, not in $/account/month", 'write it like "$25,000/year"'), ("6:41", "'price' is true, and must be a number or a quantity", 'write it like "$25,000/year"')]),
    ("label unknown", values('fit.refered = "50 %"'), [("6:1", "'fit' has no label 'refered'", "did you mean 'referred'?")]),
    ("label plain", values("price.cold = 3"), [("6:1", "'price' has no labels, so it is no table", 'write one value, like "$25,000/year", or { low = ..., typical = ..., h')]),
    ("label plain2", values("price = { cold = 3, referred = 4 }"), [("6:9", "'price' has no labels, so it is no table", 'write one value, like "$25,000/year", or { low = ..., typical = ..., h')]),
    ("label mixed", values("fit = { low = 0.1, typical=0.2, high=0.3, cold = 0.3 }"), [("6:43", "an uncertain value has no 'cold'", "write { low = ..., typical = ..., high = ... }")]),
    ("label empty", values("fit = {}"), [("6:7", "'fit' names no label", "its labels are cold, referred")]),
    ("label one bad", values("fit = 3"), [("6:7", "'fit' is 3, outside its limits", 'this is a share; for 3 % write 0.03 or "3 %"')]),
    ("start negative", values("market = 1000"), [("6:10", "'funnel' would start with -516 strangers: market - start_prospects - start_deals - start_c", "change market or start_prospects or start_deals or start_customers so ")]),
    ("start negative2", sub("set = { budget","set = { market = 1000, budget"), [("9:18", "'funnel' would start with -516 strangers: market - start_prospects - start_deals - start_c", "change market or start_prospects or start_deals or start_customers so ")]),
    ("euro", values('price = "€25,000/year"'), [("6:9", "'price': € is not this scenario's currency, which is $", 'write $, or set currency = "€" at the top')]),
    ("currency bad", top('currency = "%"'), [("4:12", "'%' is no currency", 'write a sign or code of one to three characters: currency = "€"')]),
    ("currency long", top('currency = "euro"'), [("4:12", "'currency' has 4 characters, more than 3", 'write a sign or code of one to three characters: currency = "$"')]),
    ("currency empty", top('currency = ""'), [("4:12", "'currency' is empty", 'write a sign or code of one to three characters: currency = "$"')]),
    ("wide", sub("months = 60",'compare = { by = "顧客" }\nmonths = 60'), [("3:18", "there is no '顧客' to compare by", "the metrics are customers, new_customers, spend, total_spend, revenue,")]),
    ("tabs", sub("set = { budget","set = {\t\trigidity = 7, budget"), [("9:21", "'rigidity' is 7, outside its limits", 'this is a share; for 7 % write 0.07 or "7 %"')]),
    ("wide2", 'title = "テスト"  \nmodel = "growth"\nmonths = 60\nstrategies = { "顧客" = {}, "顧_客" = { like = "x" } }\n', [("4:44", "there is no strategy 'x' to start from", "the strategies are 顧客")]),
    ("percent comma", values('churn = "1,5 %/year"'), [("6:9", "'churn': '1,5 %/year' has a comma where a point is wanted", 'write "1.5 %/year"')]),
]

# The same for what is not TOML.
NO_TOML = [
    ("quotes", values("price = $25,000/year"), [("6:9", "'$25,000/year' is neither a number nor text in quotes", 'write price = "$25,000/year"')]),
    ("quotes2", values("price = $25,000/year # per year\nchurn = 12 %/year\nmarket = 25,000\nwombat = 3"), [("6:9", "'$25,000/year' is neither a number nor text in quotes", 'write price = "$25,000/year"'), ("7:9", "'12 %/year' is neither a number nor text in quotes", 'write churn = "12 %/year"'), ("8:10", "'25,000' is neither a number nor text in quotes", "write market = 25_000"), ("9:1", "the model has no parameter 'wombat'", "see all parameters with: flywheel models growth")]),
    ("colon", sub("months = 60","months: 60"), [("3:7", "a value is given with =, not with :", "write months = 60")]),
    ("comma", values("market = 25,000"), [("6:10", "'25,000' is neither a number nor text in quotes", "write market = 25_000")]),
    ("smart", values("price = “$25,000/year”"), [("6:9", "'“$25,000/year”' is neither a number nor text in quotes", 'write price = "$25,000/year"')]),
    ("True ", sub('off = ["referral"]',"off = True"), [("14:7", "'True' is neither a number nor text in quotes", "write off = true")]),
    ("point", values("margin = .5"), [("6:10", "'.5' is neither a number nor text in quotes", "write margin = 0.5")]),
    ("point2", values("margin = 5."), [("6:10", "'5.' is neither a number nor text in quotes", "write margin = 5.0")]),
    ("zero", values("margin = 05"), [("6:10", "'05' is neither a number nor text in quotes", "write margin = 5")]),
    ("noquote", sub('title = "Test"','title = "Test'), [("1:9", "a text in quotes is not closed", 'write title = "Test"')]),
    ("noquote2", sub('title = "Test"',"title = My test"), [("1:9", "'My test' is neither a number nor text in quotes", 'write title = "My test"')]),
    ("header", sub("[values]","[values"), [("5:1", "this table's name is not closed", "write [values], [strategies.NAME] or [[strategies.NAME.moves]]")]),
    ("header2", sub("[values]","values]"), [("5:1", "this table's name is not closed", "write [values]")]),
    ("dupkey", values('price = "$25,000/year"\nmarket = 3\nprice = "$26,000/year"'), [("7:10", "'funnel' would start with -1,513 strangers: market - start_prospects - start_deals - start", "change market or start_prospects or start_deals or start_customers so "), ("8:1", "'values.price' is set twice; the first time in line 6", "take one of the two out")]),
    ("dupkey dotted", values("fit.cold = 0.1\nfit.cold = 0.2"), [("7:1", "'values.fit.cold' is set twice; the first time in line 6", "take one of the two out")]),
    ("duptable", GOOD+"[values]\nmarket = 3\n", [("15:2", "the table 'values' stands twice; the first time in line 5", "join the two")]),
    ("dupstrategy", GOOD+"[strategies.funnel]\noff = []\n", [("15:2", "the table 'strategies.funnel' stands twice; the first time in line 8", "join the two")]),
    ("dupinline", sub("ads = 0.5","ads = 0.5, ads = 0.5"), [("10:22", "'strategies.funnel.split.ads' is set twice; the first time in line 10", "take one of the two out")]),
    ("inline newline", sub("{ ads = 0.5, sellers","{ ads = 0.5,\n  sellers"), [("10:9", "a table in braces is not closed in its line", "write { name = value, name = value } in one line, or a [table]")]),
    ("inline newline2", sub("{ ads = 0.5, sellers = 0.5 }","{\n ads = 0.5,\n sellers = 0.5\n}"), [("10:9", "a table in braces is not closed in its line", "write { name = value, name = value } in one line, or a [table]")]),
    ("inline trailing", sub("sellers = 0.5 }","sellers = 0.5, }"), [("10:37", "a table in braces ends without a comma", "take out the comma before }")]),
    ("list open", sub('["referral"]','["referral"'), [("14:7", "a list is not closed", 'close it with ], and part its items by commas: ["referral", "proof"]')]),
    ("list open2", sub('["referral"]','["referral" "proof"]'), [("14:19", "a comma is missing before this", "part the items by commas")]),
    ("list bare", sub('["referral"]',"[referral]"), [("14:8", "'referral' is neither a number nor text in quotes", 'write "referral"')]),
    ("inline bare", sub('"$150k/month"',"$150k/month"), [("9:18", "'$150k/month' is neither a number nor text in quotes", 'write "$150k/month"')]),
    ("space key", values("cost per lead = 3"), [("6:1", "'cost per lead' cannot be a name as it stands", "write cost_per_lead = 3")]),
    ("noeq", values("price"), [("6:1", "this is a name without a value", "write name = value, a [table], or # before a remark")]),
    ("noval", values("price ="), [("6:7", "'price' has no value", "write price = value")]),
    ("two", values("price = 3 market = 4"), [("6:11", "there are two names in this line", "start a new line after each value")]),
    ("backslash", sub('"Test"','"C:\\Users"'), [("1:14", "a backslash in a text in quotes means something else", "write it twice: \\\\ , or put the text in single quotes")]),
    ("ctrl", sub('"Test"','"a\x01b"'), [("1:11", "there is a control character in this line", "take it out")]),
    ("multi", sub('"Test"','"""abc'), [("1:9", "a text in quotes is not closed", 'write title = """abc"""')]),
    ("apos", sub('"Test"',"'abc"), [("1:9", "a text in quotes is not closed", "write title = 'abc'")]),
    ("mutate", values("fit = { cold = 0.1 }\nfit.referred = 0.5"), [("7:1", "this name has a value already, which is no table to add to", "write all of it in one place")]),
    ("overwrite", values("price = 3\nprice.cold = 4"), [("7:1", "this name has a value already, which is no table to add to", "write all of it in one place")]),
    ("movesfirst", GOOD+SECOND+MOVE+"[strategies.flywheel.moves]\n", [("20:1", "this table is there already", "join the two, or write each of a list in double brackets: [[...]]")]),
    ("accent", values("prix_é = 3"), [("6:1", "'prix_é' cannot be a name as it stands", 'write "prix_é" = 3')]),
    ("emptyheader", sub("[values]","[]"), [("5:2", "a name is missing here", "begin a name with a letter or a digit, or put it in quotes")]),
    ("textafter", values('price = "$25" per year'), [("6:15", "there is more behind the text in quotes", "put all of it in one pair of quotes, or a # before a remark")]),
    ("eof text", 'title = "abc', [("1:9", "a text in quotes is not closed", 'write title = "abc"')]),
    ("mulitline err", sub('off = ["referral"]','off = [\n  "referral",\n  proof,\n]\nlik = 3'), [("16:3", "'proof' is neither a number nor text in quotes", 'write "proof"'), ("18:1", "unknown key 'strategies.flywheel.lik'", "did you mean 'like'?")]),
    ("semicolon", values("margin = 0.5;"), [("6:10", "'0.5;' is neither a number nor text in quotes", "write margin = 0.5")]),
    ("nul", sub("Test","Te\0st"), [("1:12", "there is a control character in this line", "take it out")]),
    ("crerr", GOOD.replace("\n","\r"), [("1:15", "this file does not end its lines as others do", "save it with LF or CRLF line ends")]),
    ("date bad", sub("months = 60","months = 2025-13-01"), [("3:10", "'2025-13-01' is neither a number nor text in quotes", 'write months = "2025-13-01"')]),
    ("json", '{"title": "a"}', [("1:1", "a scenario is written in TOML, not JSON", "write one to start from with: flywheel new NAME")]),
    ("yaml", "title: a\nmodel: growth\n", [("1:6", "a value is given with =, not with :", 'write title = "a"')]),
    ("dash", values("- price = 3"), [("6:1", "'- price' cannot be a name as it stands", "write price = 3")]),
]
# fmt: on


UNCERTAIN = """churn = { low = 0.01, typical = 0.02, high = 0.03 }
asks = { low = 0.01, typical = 0.02, high = 0.03 }
fit.cold = { mean = 0.06, deviation = 0.02, distribution = "beta" }
half = { low = 80_000, typical = 90_000, high = 95_000 }
price = 2000"""


def correlated(*bodies):
    """Four uncertain values, one of a single label and one for all labels, and some correlations."""
    return values(UNCERTAIN) + "".join(f"[[correlations]]\n{body}\n" for body in bodies)


# fmt: off
# Values that are uncertain, and how they go together.
BROKEN_UNCERTAIN = [
    ("distribution unknown", values('price = { mean = 2000, deviation = 3, distribution = "nromal" }'), [("6:54", "there is no distribution 'nromal'", "did you mean 'normal'?")]),
    ("distribution wild", values('price = { mean = 2000, deviation = 3, distribution = "wombat" }'), [("6:54", "there is no distribution 'wombat'", "the distributions are pert, triangular, uniform, normal, lognormal, be")]),
    ("distribution number", values("price = { low = 1, typical = 2, high = 3, distribution = 3 }"), [("6:58", "the distribution of 'price' is the number 3, and must be text in quotes", 'write distribution = "normal"')]),
    ("distribution missing", values("price = { mean = 2000, deviation = 3 }"), [("6:9", "the uncertain value of 'price' does not say its distribution", 'add distribution = "normal" or distribution = "beta"')]),
    ("distribution missing2", values("price = { factor = 2, mean = 3 }"), [("6:9", "the uncertain value of 'price' does not say its distribution", 'the forms are { low = ..., typical = ..., high = ..., distribution = "')]),
    ("distribution misspelt", values('price = { mean = 2000, deviation = 3, distribition = "normal" }'), [("6:39", "an uncertain value has no 'distribition'", "did you mean 'distribution'?")]),
    ("normal lacks", values('price = { mean = 2000, distribution = "normal" }'), [("6:9", "the uncertain value of 'price' lacks deviation", 'write { mean = ..., deviation = ..., distribution = "normal" }')]),
    ("normal misspelt", values('price = { mean = 2000, deviaton = 3, distribution = "normal" }'), [("6:24", "a normal value has no 'deviaton'", "did you mean 'deviation'?")]),
    ("normal extra", values('price = { mean = 2000, deviation = 3, low = 1, distribution = "normal" }'), [("6:39", "a normal value has no 'low'", 'write { mean = ..., deviation = ..., distribution = "normal" }')]),
    ("normal mean outside", values('margin = { mean = 1.2, deviation = 0.1, distribution = "normal" }'), [("6:19", "'margin' is 1.2, outside its limits", "write 0 to 1")]),
    ("deviation zero", values('price = { mean = 2000, deviation = 0, distribution = "normal" }'), [("6:36", "'price': the deviation must be above 0", "write how far the value usually is from its mean")]),
    ("deviation negative", values('churn = { mean = "12 %/year", deviation = "-1 %/year", distribution = "normal" }'), [("6:43", "'churn': the deviation must be above 0", "write how far the value usually is from its mean")]),
    ("deviation nan", values('price = { mean = 2000, deviation = nan, distribution = "normal" }'), [("6:36", "'price' is the number nan, which is no number to plan with", 'write it like "$25,000/year"')]),
    ("deviation unit", values('price = { mean = 2000, deviation = "3 months", distribution = "normal" }'), [("6:36", "'price': '3 months' is in months, not in $/account/month", 'write it like "$25,000/year"')]),
    ("deviation bare", values('churn = { mean = "12 %/year", deviation = 0.01, distribution = "normal" }'), [("6:43", "'churn': the deviation is not in the form of the mean", 'write it in the same way, like "3.15 %/year"')]),
    ("deviation percent", values('churn = { mean = 0.01, deviation = "1 %/year", distribution = "normal" }'), [("6:36", "'churn': the deviation is not in the form of the mean", 'write it in the same way, like "0.0025/month"')]),
    ("deviation other time", values('churn = { mean = "12 %/year", deviation = "1 %/month", distribution = "normal" }'), [("6:43", "'churn': the deviation is not in the form of the mean", 'write it in the same way, like "3.15 %/year"')]),
    ("deviation all", values('churn = { mean = "12 %/year", deviation = "90 %/year", distribution = "normal" }'), [("6:43", "'churn': the mean and the deviation are together 100 % or more, which leaves nobody", "write a smaller deviation, or both as plain rates")]),
    ("mean and deviation", values('price = { mean = "x", deviation = 0, distribution = "normal" }'), [("6:18", "'price': 'x' is not a quantity", 'write it like "$25,000/year"'), ("6:35", "'price': the deviation must be above 0", "write how far the value usually is from its mean")]),
    ("factor low", values('price = { median = 2000, factor = 1, distribution = "lognormal" }'), [("6:35", "'price': the factor must be above 1 and at most 1,000", "write 1.5 if about two thirds of the values lie between the median / 1")]),
    ("factor high", values('price = { median = 2000, factor = 1e9, distribution = "lognormal" }'), [("6:35", "'price': the factor must be above 1 and at most 1,000", "write 1.5 if about two thirds of the values lie between the median / 1")]),
    ("factor text", values('price = { median = 2000, factor = "50 %", distribution = "lognormal" }'), [("6:35", "'price': the factor is the text '50 %', and must be a plain number", "write 1.5 if about two thirds of the values lie between the median / 1")]),
    ("median zero", values('price = { median = 0, factor = 0.5, distribution = "lognormal" }'), [("6:20", "'price': every value of a lognormal distribution is above 0", "write a median above 0, or { mean = ..., deviation = ..., distribution"), ("6:32", "'price': the factor must be above 1 and at most 1,000", "write 1.5 if about two thirds of the values lie between the median / 1")]),
    ("beta ends", values('price = { mean = 2000, deviation = 3, low = 1, distribution = "beta" }'), [("6:9", "the beta value of 'price' lacks high", "write { mean = ..., deviation = ..., low = ..., high = ..., distributi")]),
    ("beta wide", values('fit.cold = { mean = 0.06, deviation = 0.4, distribution = "beta" }'), [("6:39", "'fit': no beta value with this mean and these ends deviates so much", "write less than 0.237")]),
    ("beta narrow", values('fit.cold = { mean = 0.06, deviation = 1e-9, distribution = "beta" }'), [("6:39", "'fit': no beta value that deviates so little from its mean is told from one number", "write 0.0001 or more, or { mean = ..., deviation = ..., distribution =")]),
    ("beta mean", values('fit.cold = { mean = 0, deviation = 0.02, distribution = "beta" }'), [("6:21", "'fit': the mean of a beta value lies between its ends", "write a mean above 0 and below 1, or other ends: low = ..., high = ...")]),
    ("beta mean high", values('fit.cold = { mean = "40 %", deviation = "2 %", high = "30 %", distribution = "beta" }'), [("6:21", "'fit': the mean of a beta value lies between its ends", "write a mean above 0 % and below 30 %, or other ends: low = ..., high ")]),
    ("uniform order", values('price = { low = 3, high = 2, distribution = "uniform" }'), [("6:17", "'price': low is above high", "write the least as low and the greatest as high")]),
    ("uniform typical", values('price = { low = 3, typical = 4, high = 5, distribution = "uniform" }'), [("6:20", "a uniform value has no 'typical'", 'write { low = ..., high = ..., distribution = "uniform" }')]),
    ("triangular order", values('price = { low = 3, typical = 2, high = 5, distribution = "triangular" }'), [("6:17", "'price': low is above typical", "write the least as low and the greatest as high")]),
    ("triangular lacks", values('price = { low = 3, high = 5, distribution = "triangular" }'), [("6:9", "the uncertain value of 'price' lacks typical", 'write { low = ..., typical = ..., high = ..., distribution = "triangul')]),
    ("discrete number", values('price = { values = 3, distribution = "discrete" }'), [("6:20", "'price': the values are the number 3, and must be a list", "write values = [1, 2]")]),
    ("discrete empty", values('price = { values = [], distribution = "discrete" }'), [("6:20", "'price': there are no values", "write values = [1, 2]")]),
    ("discrete many", values(f'price = {{ values = {list(range(101))}, distribution = "discrete" }}'), [("6:20", "'price': there are 101 values, more than 100", "write fewer")]),
    ("discrete bad", values('price = { values = [1, -3, "x"], weights = [-1, true, inf], distribution = "discrete" }'), [("6:24", "'price' is -$3/month, outside its limits", "write $0/month or more"), ("6:28", "'price': 'x' is not a quantity", 'write it like "$25,000/year"'), ("6:45", "'price': a weight is the number -1", "write how often the value occurs, compared with the others: 0 or more"), ("6:49", "'price': a weight is true", "write how often the value occurs, compared with the others: 0 or more"), ("6:55", "'price': a weight is the number inf", "write how often the value occurs, compared with the others: 0 or more")]),
    ("weights length", values('price = { values = [1, 2], weights = [1], distribution = "discrete" }'), [("6:38", "'price': the number of values is 2, of weights 1", "write one weight for each value")]),
    ("weights zero", values('price = { values = [1, 2], weights = [0, 0], distribution = "discrete" }'), [("6:38", "'price': all weights are 0", "write how often each value occurs, compared with the others")]),
    ("weights text", values('price = { values = [1, 2], weights = "even", distribution = "discrete" }'), [("6:38", "'price': the weights are the text 'even', and must be a list", "write weights = [2, 1]")]),
    ("label for all", values("fit = { cold = 0.06, mean = 0.4 }"), [("6:22", "'fit' has no label 'mean'", "its labels are cold, referred")]),
    ("share uncertain", sub("ads = 0.5", "ads = { low = 0.4, typical = 0.5, high = 0.6 }"), [("10:17", "'ads' is a share of the split, and the shares must always be together 1: it cannot be unce", "write one number for each share; compare two splits as two strategies")]),
    ("move share uncertain", move(MOVE.replace("budget", "split").replace('"$0/month"', "{ ads = { low = 0.4, typical = 0.5, high = 0.6 }, sellers = 0.5 }")), [("20:14", "'ads' is a share of the split, and the shares must always be together 1: it cannot be unce", "write one number for each share; compare two splits as two strategies")]),
    ("correlated single bracket", correlated('of = ["churn", "asks"]\nrank = 0.5').replace("[[correlations]]", "[correlations]"), [("19:2", "'correlations' is a table, and must be a list", "add a table in double brackets: [[correlations]]")]),
    ("correlated key", correlated('of = ["churn", "asks"]\nrnak = 0.5'), [("21:1", "unknown key 'correlations[1].rnak'", "did you mean 'rank'?")]),
    ("correlated lacks", correlated('of = ["churn", "asks"]'), [("19:3", "'correlations[1].rank' is missing", "write rank = 0.5")]),
    ("correlated text", correlated('of = "churn"\nrank = 0.5'), [("20:6", "'correlations[1].of' is the text 'churn', and must be a list", 'write of = ["churn", "price"]')]),
    ("correlated three", correlated('of = ["churn", "asks", "fit.cold"]\nrank = 0.5'), [("20:6", "a correlation is between two values, not 3", 'write of = ["churn", "price"]')]),
    ("correlated number", correlated('of = ["churn", 3]\nrank = 0.5'), [("20:16", "'correlations[1].of[2]' is the number 3, and must be text in quotes", 'write of = ["churn", "price"]')]),
    ("correlated certain", correlated('of = ["churn", "price"]\nrank = 0.5'), [("20:16", "'price' is not uncertain in this file", "take the correlation out, or write price = { low = ..., typical = ...,")]),
    ("correlated default", correlated('of = ["churn", "margin"]\nrank = 0.5'), [("20:16", "'margin' is not uncertain in this file", "take the correlation out, or write margin = { low = ..., typical = ...")]),
    ("correlated unknown", correlated('of = ["chrun", "wombat"]\nrank = 0.5'), [("20:7", "there is no uncertain value 'chrun'", "did you mean 'churn'?"), ("20:16", "there is no uncertain value 'wombat'", "those there are: churn, asks, fit.cold, half")]),
    ("correlated by label", correlated('of = ["churn", "fit"]\nrank = 0.5'), [("20:16", "'fit' is not uncertain in this file", "each label is uncertain by itself: write 'fit.cold'")]),
    ("correlated other label", correlated('of = ["churn", "fit.referred"]\nrank = 0.5'), [("20:16", "'fit.referred' is not uncertain in this file", "take the correlation out, or write fit.referred = { low = ..., typical")]),
    ("correlated strange label", correlated('of = ["churn", "fit.refered"]\nrank = 0.5'), [("20:16", "there is no uncertain value 'fit.refered'", "those there are: churn, asks, fit.cold, half")]),
    ("correlated for all", correlated('of = ["churn", "half.ads"]\nrank = 0.5'), [("20:16", "'half.ads' is not uncertain in this file", "one value is stated for all labels: write 'half'")]),
    ("correlated nothing", GOOD + '[[correlations]]\nof = ["chrun", "price"]\nrank = 0.5\n', [("16:7", "there is no uncertain value 'chrun'", "no value of this file is uncertain: write one as { low = ..., typical "), ("16:16", "'price' is not uncertain in this file", "take the correlation out, or write price = { low = ..., typical = ...,")]),
    ("correlated itself", correlated('of = ["churn", "churn"]\nrank = 0.5'), [("20:6", "'churn' is correlated with itself", "name two uncertain values")]),
    ("correlated rank", correlated('of = ["churn", "asks"]\nrank = -1'), [("21:8", "the rank correlation is the number -1", "write a number above -1 and below 1: above 0 if the two rise together,")]),
    ("correlated rank text", correlated('of = ["churn", "asks"]\nrank = "50 %"'), [("21:8", "the rank correlation is the text '50 %'", "write a number above -1 and below 1: above 0 if the two rise together,")]),
    ("correlated rank nan", correlated('of = ["churn", "asks"]\nrank = nan'), [("21:8", "the rank correlation is the number nan", "write a number above -1 and below 1: above 0 if the two rise together,")]),
    ("correlated twice", correlated('of = ["churn", "asks"]\nrank = 0.5', 'of = ["asks", "churn"]\nrank = 0.4'), [("23:6", "'asks' and 'churn' are correlated twice", "take one of the two out")]),
    ("correlated impossible", correlated('of = ["churn", "asks"]\nrank = 0.9', 'of = ["asks", "fit.cold"]\nrank = 0.9', 'of = ["half", "churn"]\nrank = 0.1'), [("24:8", "the correlations of 'fit.cold' cannot hold together with the others", "bring them nearer to 0 (0.75 times what they are would do), or say how")]),
    ("correlated broken", correlated('of = ["churn", "margin"]\nrank = 0.5').replace("[values]", "[values]\nmargin = { low = 1 }"), [("6:10", "the uncertain value of 'margin' lacks typical and high", "write { low = ..., typical = ..., high = ... }")]),
    ("correlated in values", values("price = 2000\ncorrelations = 3"), [("7:1", "the model has no parameter 'correlations'", "correlations stand in tables of their own: [[correlations]]")]),
    ("rank in values", values("price = 2000\nrank = 3"), [("7:1", "the model has no parameter 'rank'", "'rank' belongs in a correlation: [[correlations]]")]),
]
# fmt: on

ALL = BROKEN + NO_TOML + BROKEN_UNCERTAIN
