"""The forms in which a grounder may write down what it wants done, each read into typed actions.

`table` lists them; `code` is the main one, pyautogui calls. Text is parsed and checked, never run.
Where in a reply the actions stand is `agent_app.grounding`'s affair.
"""
