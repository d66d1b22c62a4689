"""
Every claim about the engine, measured again on another version of it.

``make engine VERSION=4.6.5`` measures one version, and keeps its answers in ``answers/4.6.5.jsonl``;
``python -m tests.engines table 4.7.4 4.6.5`` counts them by cause, and ``python -m tests.engines diff 4.7.0 4.7.1`` says what changed.
"""
