"""The eight actors: every decision of the engine, one class a file, and nothing else.

market_feed       turns venue streams into checked candles and quotes, and says when they go stale
indicator_worker  folds candles into indicator snapshots, one worker a symbol
llm_advisor       asks the model, or the rules, when a snapshot merits it; never blocks
validator         accepts or refuses advice and turns what it accepts into proposed orders
risk_guard        approves, resizes or denies proposals; owns portfolio, limits and trading state
execution_broker  carries approved orders to the venue and tracks each until it is final
supervisor        starts, watches, restarts and stops the others, the KillSwitch excepted
kill_switch       stops trading and cancels orders, from its own kernel, thread and connection
"""
