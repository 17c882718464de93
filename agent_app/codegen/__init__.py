"""Tests written from what was done, or is being done, and locators from what is pointed at.

Here is what a place on a screen may be called in a test, what a recording becomes, and the tests'
source. How locators are resolved is in `agent_app.testing`, what a flow can say in
`agent_app.flows`.
"""
