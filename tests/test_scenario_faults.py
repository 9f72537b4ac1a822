"""Broken scenario files: every fault at once, each with its cause, its place and what to write instead."""

import re
import resource
import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim.cli import main
from flywheel_sim.errors import ScenarioError, UsageError
from flywheel_sim.scenario import load_scenario, read_scenario
from flywheel_sim.scenario.fault import plain
from flywheel_sim.scenario.locate import token
from flywheel_sim.scenario.read import LARGEST

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


ALL = BROKEN + NO_TOML


@pytest.fixture(autouse=True)
def collector_on():
    """The command switches the garbage collector off; the tests go on with it."""
    yield
    import gc

    gc.enable()


def report_on(text):
    """What is said of a broken file."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "x.toml")
    return str(caught.value), caught.value.faults


def faults_in(report):
    """The faults of a report: place, cause, remedy."""
    found = re.findall(r"^error: (.*)\n *--> x\.toml:(\d+:\d+)\n.*\n.*\n.*\^(?:\n *= help: (.*))?", report, re.MULTILINE)
    return [(place, cause, fix) for cause, place, fix in found]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in ALL], ids=[case[0] for case in ALL])
def test_every_fault_says_what_where_and_what_to_write(text, expected):
    report, causes = report_on(text)
    found = faults_in(report)
    assert [place for place, _, _ in found] == [place for place, _, _ in expected], report
    for (_, cause, fix), (_, words, remedy) in zip(found, expected, strict=True):
        assert words in cause
        assert remedy in fix
        assert fix, "every fault has a remedy"
    assert len(causes) == len(expected)
    assert report.endswith(f"{len(expected)} {'fault' if len(expected) == 1 else 'faults'} in x.toml; nothing was run.")


def columns(text):
    """How many columns of a terminal a shown text takes."""
    return sum(0 if unicodedata.category(c) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def assert_caret_in_place(text, report, marks=None):
    """The line is shown as it is, and the caret stands under the column that is named."""
    found = re.findall(r"--> x\.toml:(\d+):(\d+)\n *\|\n *(\d+) \|(?: (.*))?\n *\|( *)(\^+)", report)
    assert found
    for line, column, shown_line, shown, gap, caret in found:
        whole = text.split("\n")[int(line) - 1].rstrip("\r")
        assert shown_line == line
        assert shown == plain(whole[: len(shown)]).rstrip() or "…" in shown
        if "…" not in shown:
            assert len(gap) == 1 + columns(plain(whole[: int(column) - 1]))
            assert len(gap) - 1 + len(caret) <= max(columns(shown), len(gap))
        if marks is not None:
            start = len(gap) - 1
            assert shown[start : start + len(caret)] == marks


@pytest.mark.parametrize("text", [case[1] for case in ALL], ids=[case[0] for case in ALL])
def test_the_caret_stands_under_the_fault(text):
    assert_caret_in_place(text, report_on(text)[0])


@pytest.mark.parametrize(
    ("before", "what"),
    [("", "nothing"), ("\t\t", "tabs"), ("顧客テスト", "wide characters"), ("e\N{COMBINING ACUTE ACCENT}", "an accent of its own"), ("ＡＢ", "wide letters"), ("😀👍", "pictures"), ("\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}", "other spaces"), ("\x7f", "a control character in a remark")],
    ids=lambda value: value if value.isascii() and value.isprintable() and " " in value else None,
)  # fmt: skip
def test_the_caret_stands_under_the_fault_behind(before, what):
    """A caret is right when the text above it is; terminals give wide characters two columns."""
    text = values(f'price = {{ low = "{before}", typical = 2, high = 3 }}') if before != "\x7f" else top("moths = 1")
    report, _ = report_on(text)
    assert_caret_in_place(text, report)
    assert "�" not in report, what


# Through the real command


@pytest.mark.parametrize("text", [case[1] for case in ALL], ids=[case[0] for case in ALL])
def test_the_command_ends_with_2_and_says_all_on_standard_error(text, tmp_path, capsys):
    file = tmp_path / "x.toml"
    file.write_bytes(text.encode())
    for command in ("check", "run"):
        assert main([command, str(file)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(("error: ", "warning: "))
        assert re.search(rf"--> {re.escape(str(file))}:\d+:\d+\n", err)
        assert "Traceback" not in err


@pytest.mark.parametrize("name", ["misspelt top", "quotes2", "start negative", "wide"])
def test_the_same_in_a_process_of_its_own(name, tmp_path):
    (text,) = [case[1] for case in ALL if case[0] == name]
    (tmp_path / "x.toml").write_text(text, "utf-8")
    for command in ("check", "run"):
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from flywheel_sim.cli import main; sys.exit(main())", command, "x.toml"],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.strip() == report_on(text)[0]


# Many faults at once


def test_all_faults_of_a_file_are_told_in_its_order():
    text = """\
title = "a\\u0007b"
model = "growth"
months = "60"
currency = "%"
baseline = "funel"
compare = { by = "custommers" }

[values]
prize = "$25,000/year"
price = $25,000/year
churn = "12 %"
margin = 79
fit.refered = 0.5
asks = { low = 0.05, typical = 0.01, high = 0.06 }

[strategies.funnel]
off = ["R1", "saturation", "wombat"]
set = { bugdet = "$1/month", rigidity = true }
split = { ads = 0.5, selers = 0.5 }

[strategies.Funnel]
like = "x"
split = { ads = 0.5 }

[[strategies.Funnel.moves]]
lever = "churn"
kind = "ramp"
at = -3
to = 1
"""
    report, causes = report_on(text)
    places = [tuple(map(int, place.split(":"))) for place, _, _ in faults_in(report)]
    assert places == sorted(places)
    assert [line for line, _ in places] == [1, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 17, 17, 17, 18, 18, 19, 21, 22, 23, 26, 28]
    assert len(causes) == len(places)


def test_a_flood_of_faults_is_cut_short():
    off = ", ".join(f'"x{number}"' for number in range(60))
    report, causes = report_on(sub('["referral"]', f"[{off}]"))
    assert len(causes) == 60
    assert report.count("error: ") == 50
    assert report.endswith("... and 10 more\n\n60 faults in x.toml; nothing was run.")


def test_a_strategy_that_others_are_like_is_told_of_once():
    text = GOOD.replace('"$150k/month"', '"$150k"') + '[strategies.third]\nlike = "flywheel"\n'
    assert len(report_on(text)[1]) == 1


# Too much of everything


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (values("price = 1" + "0" * 400), "6:9", "is a number out of all bounds"),
        (values("price = 0x" + "f" * 5000), "6:9", "is a number out of all bounds"),
        (values("price = 1e16"), "6:9", "is the number 1e+16, which is no number to plan with"),
        (values("price = " + "1" * 5000), "6:9", "this number is too long"),
        (sub("60", "0x" + "f" * 200), "3:10", "'months' is a number out of all bounds"),
        (sub("Test", "x" * 201), "1:9", "'title' has 201 characters, more than 200"),
        (sub('off = ["referral"]', f'note = "{"x" * 1001}"'), "14:8", "has 1001 characters, more than 1000"),
        (values("x" * 5000 + " = 1"), "6:1", "the model has no parameter 'xxxxxxxxxx"),
        (BARE + "".join(f"[strategies.s{number}]\n" for number in range(21)), "4:2", "there are 21 strategies, more than 20"),
        (
            BARE.replace("6", "600")
            + "[strategies.a]\n"
            + "".join(f'[[strategies.a.moves]]\nlever="budget"\nkind="step"\nat={number}\nto=0\n' for number in range(101)),
            "5:3",
            "there are 101 moves, more than 100",
        ),
        ("a = " + "[" * 50_000, "1:45", "this is nested too deeply"),
        ("a = " + "{ b = " * 5_000, "1:245", "this is nested too deeply"),
        (".".join(["a"] * 50_000) + " = 1", "1:1", "more points than a key or number needs"),
        ("[" + ".".join(["a"] * 50_000) + "]", "1:1", "more points than a key or number needs"),
    ],
)
def test_too_much_is_refused_at_once(text, place, words):
    start = time.perf_counter()
    report, _ = report_on(text)
    assert time.perf_counter() - start < 5
    ((found, cause, _),) = faults_in(report)
    assert (found, words in cause) == (place, True), report
    assert len(report) < 1500


@pytest.mark.parametrize("depth", [30, 100, 200, 250, 300, 330, 400])
def test_every_depth_is_refused_with_a_place(depth):
    report, _ = report_on(values("price = " + "[" * depth + "]" * depth))
    assert re.search(r"--> x\.toml:6:\d+\n", report)


def test_a_fault_at_the_end_of_a_long_line():
    """The part of the line around it is shown, and the caret is under it."""
    many = ", ".join(['"referral"'] * 400)
    text = sub('["referral"]', f'[{many}, "wombat"]')
    report, _ = report_on(text)
    line = text.split("\n")[13]
    assert len(line) > 4_500
    column = line.index('"wombat"') + 1
    assert f"--> x.toml:14:{column}\n" in report
    shown, caret = re.search(r"14 \| (… .*)\n +\| ( *\^+)", report).groups()
    assert len(shown) < 130
    assert shown[caret.index("^") : len(caret)] == '"wombat"'


# Files


def refused(path, *words):
    with pytest.raises(UsageError) as caught:
        load_scenario(path)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / "x.toml", "there is no file", "help: write one with: flywheel new")
    refused(tmp_path / "mine", "there is no file", "help: is it called mine.toml?")


def test_a_folder(tmp_path):
    refused(tmp_path, "is a directory", "help: name a scenario file in it")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "y/" * 3000])
def test_a_name_that_no_file_has(name):
    refused(name, "cannot be read")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "open", forbidden)
    refused(tmp_path / "x.toml", "x.toml cannot be read: Permission denied")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode("utf-16-le"), "UTF-16"),
        (GOOD.encode("utf-16-be"), "UTF-16"),
        (b"\x00\x01\x02\x03", "no text at all"),
    ],
)
def test_a_file_that_is_not_utf_8(raw, words, tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(raw)
    refused(file, words, f"--> {file}:1:1\n", "help: save the file as UTF-8")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_character_of_another_encoding(mark, tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(mark + sub("Test", "Größe").encode("latin-1"))
    message = refused(file, "this is not UTF-8 text", f"--> {file}:1:12\n", "help: save the file as UTF-8")
    assert '1 | title = "Gr��e"\n  |            ^' in message


def test_a_file_of_one_mebibyte_is_read_and_no_larger_one(tmp_path):
    file = tmp_path / "x.toml"
    filled = GOOD.encode() + b"# " + b"x" * (LARGEST - len(GOOD.encode()) - 3) + b"\n"
    assert len(filled) == 1 << 20
    file.write_bytes(filled)
    assert load_scenario(file)[0].title == "Test"
    for raw in (filled + b"\n", filled * 2):
        file.write_bytes(raw)
        refused(file, "is larger than 1 MiB")


def test_a_mark_of_byte_order_and_foreign_line_ends_are_read(tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert list(load_scenario(file)[0].strategies) == ["funnel", "flywheel"]
    file.write_bytes(b"\xef\xbb\xbf" + top("moths = 3").replace("\n", "\r\n").encode())
    assert "4 | moths = 3\n  | ^^^^^\n" in refused(file, f"--> {file}:4:1\n")
    file.write_bytes(b"\xef\xbb\xbf" + sub("funnel]", "funnel").replace("\n", "\r\n").encode())
    refused(file, f"--> {file}:8:1\n")
    file.write_bytes(b"\xef\xbb\xbfmoths = 3\r\n")
    refused(file, f"--> {file}:1:1\n")


# Anything at all


def pieces_of(text):
    """A text as tokens and what is between them."""
    found, end = [], 0
    for match in token().finditer(text):
        found += [text[end : match.start()], match[0]]
        end = match.end()
    return [*found, text[end:]]


def assert_read_or_refused(text):
    """Success, or faults each of which has a place in the file; never anything else."""
    try:
        scenario, _ = read_scenario(text, "x.toml")
    except ScenarioError as error:
        refusal = error
    else:
        assert scenario.strategies
        return True
    places = re.findall(r"^ *--> x\.toml:(\d+):(\d+)$", str(refusal), re.MULTILINE)
    assert places
    assert refusal.faults
    lines = text.split("\n")
    assert all(int(line) <= len(lines) and int(column) <= len(lines[int(line) - 1]) + 1 for line, column in places)
    return False


NEW = st.sampled_from(["[", "]", "{", "}", "=", ",", "\n", '"', "'", '"""', "#", "1", "-1", "nan", "0.5", "true", "1979-05-27", "wombat", '"growth"', '"bass"', '"5 %"', '"$1/month"', "split", "values", "[[", "]]", "€", "\r", "\0", "\\", "like", "moves", '"funnel"', "[]", "{}"])  # fmt: skip


@st.composite
def mutations(draw, pieces):
    made = list(pieces)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(made) - 1))
        match draw(st.sampled_from(["delete", "double", "replace", "insert", "swap", "cut"])):
            case "delete":
                del made[at]
            case "double":
                made.insert(at, made[at])
            case "replace":
                made[at] = draw(NEW)
            case "insert":
                made.insert(at, draw(NEW))
            case "swap":
                other = draw(st.integers(0, len(made) - 1))
                made[at], made[other] = made[other], made[at]
            case "cut":
                made[at] = made[at][: len(made[at]) // 2]
        if not made:
            break
    return "".join(made)


def test_any_mutation_of_a_shipped_scenario_is_read_or_refused(shipped):
    pieces = pieces_of(shipped.read_text("utf-8"))
    assert "".join(pieces) == shipped.read_text("utf-8")
    outcomes = []

    @settings(max_examples=250)
    @given(mutations(pieces))
    def mutate(text):
        outcomes.append(assert_read_or_refused(text))

    mutate()
    assert 0.02 < sum(outcomes) / len(outcomes) < 0.98, "some of both"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    assert not assert_read_or_refused(text)


KEYS = st.sampled_from(
    ["title", "model", "months", "currency", "baseline", "compare", "by", "values", "strategies", "funnel", "a", "note", "like", "off", "set", "split", "moves", "lever", "kind", "at", "to", "over", "for", "budget", "price", "fit", "cold", "low", "typical", "high", "ads", "sellers", "x"]
)  # fmt: skip
LEAVES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["growth", "bass", "funnel", "a", "referral", "budget", "split", "step", "ramp", "pulse", "$1/month", "5 %", "customers", "1 year"]
    ),
)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25)


def written_as_toml(value):
    """Data in one line of TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"{}"'.format("".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000))
        case list():
            return f"[{', '.join(map(written_as_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {written_as_toml(inner)}' for key, inner in value.items())} }}"
        case _:
            return repr(value)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, TREES, max_size=8), st.sampled_from(["", BARE, BARE.replace("growth", "bass")]))
def test_any_data_of_the_wrong_shape_is_refused_with_places(data, head):
    body = "".join(
        f"{key} = {written_as_toml(value)}\n" for key, value in data.items() if not head or key not in {"title", "model", "months"}
    )
    assert_read_or_refused(head + body)


STRATEGY = st.fixed_dictionaries(
    {}, optional={"like": LEAVES, "months": LEAVES, "off": TREES, "set": TREES, "split": TREES, "moves": TREES, "note": LEAVES}
)
MOVES = st.lists(st.fixed_dictionaries({"lever": LEAVES, "kind": st.sampled_from(["step", "ramp", "pulse"]), "at": LEAVES, "to": TREES}, optional={"over": LEAVES, "for": LEAVES}), max_size=3)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(KEYS, STRATEGY, min_size=1, max_size=3), MOVES, st.dictionaries(KEYS, TREES, max_size=3))
def test_any_data_of_nearly_the_right_shape_too(strategies, moves, business):
    lines = [BARE, "[values]\n", *(f"{key} = {written_as_toml(value)}\n" for key, value in business.items())]
    for name, stated in strategies.items():
        lines.append(f"[strategies.{name}]\n")
        lines += [f"{key} = {written_as_toml(value)}\n" for key, value in {**stated, "moves": moves}.items()]
    assert_read_or_refused("".join(lines))


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def test_the_command_does_not_need_much_memory_for_a_hostile_file(tmp_path):
    """A mebibyte of brackets, keys or quotes is refused within bounds of time and memory."""
    hostile = [
        "[" * LARGEST,
        "a=" * (LARGEST // 2),
        '"' * LARGEST,
        "\n".join(f"a{n}.b = {{}}" for n in range(60_000)),
        "= " * (LARGEST // 2),
    ]
    for number, text in enumerate(hostile):
        (tmp_path / f"{number}.toml").write_text(text[:LARGEST], "utf-8")
    script = "import sys; from flywheel_sim.cli import main; sys.exit(max(main(['check', name]) for name in sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *(f"{number}.toml" for number in range(len(hostile)))],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=60, preexec_fn=little_memory
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("nothing was run.") == len(hostile)
    assert "Traceback" not in done.stderr
