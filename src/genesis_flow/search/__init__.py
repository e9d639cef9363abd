"""The search language: text → tokens → :mod:`ast <genesis_flow.search.ast>`, which every store compiles.

A strict superset of the filters and orderings of MLflow's servers (3.17): with OR, NOT, parentheses, and
IN, BETWEEN, LIKE and IS NULL wherever they make sense, each in its negated form.

    metrics.loss < 0.1 AND (params.model IN ('gbm', 'tree') OR NOT tags.`mlflow.user` LIKE 'bot-%')

Pure: nothing here does I/O. :mod:`genesis_flow.search.evaluate` says what an expression means; a compiler is
right when it selects what the evaluator selects.
"""
