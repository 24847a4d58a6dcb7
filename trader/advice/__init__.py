"""Ring 2: snapshot -> advice, and the checks that any advice must pass, whoever gave it.

answers   a model's text -> opinion -> advice, strictly; the schema that it is asked for
asking    when a model is asked, what about, and what becomes of its answer
breaker   a circuit breaker a model
brief     what a model is shown of a symbol, from typed values by a template, within a size
checks    one pure function a rule by which advice is refused, in the order they are asked
claims    what a model says beside its advice, held against what it was shown
cost      what a question may cost at most, and what tokens cost
desk      what the advisor remembers for the sake of its questions
rules     the rules that advise without a model
window    the newest candles and readings of a symbol, and how far off a claim on them may be
settings  what a person may set of the advice and of the checks on it
"""
