"""The models that can be asked, one module or package each, behind `model_runtime.ModelRuntime`.

Each is imported when it is opened, so that no run pays for the others.
"""
