"""The statistical core: estimators, their intervals, and the rules common to every figure.

Plain numpy and scipy: no database, no framework. Every public estimator takes readings as a
matrix of outputs by readers and returns an :class:`~readerstudy.stats.estimate.Estimate`, which
prints its method, its sample, its seed, and, where a figure is undefined, the reason.
"""
