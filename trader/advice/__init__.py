"""Ring 2: snapshot -> advice, and the checks that any advice must pass, whoever gave it.

answers   a model's text -> opinion -> advice, strictly; the schema that it is asked for
checks    one pure function a rule by which advice is refused, in the order they are asked
rules     the rules that advise without a model
settings  what a person may set of the advice and of the checks on it
"""
