"""Ring 4: models, asked through LangChain; it is imported at the first question and nowhere else.

deadline         a function in a thread of its own, which is left behind where it takes too long
langchain_model  ask a model of any provider within a deadline and a budget
providers        what each provider's client is made with, and whether it is installed
recorded         what models said in an earlier run, by what they were asked
spend            the ledger of tokens and money, on disk before a question leaves
"""
