"""Quantiles and tail probabilities of the reference distributions.

``scipy.special`` holds the same functions as ``scipy.stats`` at a quarter of the import time; it
is imported on first use so that a web process which computes nothing never pays for it.
"""


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def normal_cdf(z: float) -> float:
    """Return P(Z <= z) for a standard normal Z."""
    from scipy.special import ndtr

    return float(ndtr(z))


def normal_two_sided_p(z: float) -> float:
    """Return P(|Z| >= |z|) for a standard normal Z."""
    from scipy.special import ndtr

    return float(2.0 * ndtr(-abs(z)))


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t; ``df`` may be fractional or infinite."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if df == float("inf") else stdtrit(df, probability))


def t_lower_p(t: float, df: float) -> float:
    """Return P(T <= t)."""
    from scipy.special import ndtr, stdtr

    return float(ndtr(t) if df == float("inf") else stdtr(df, t))


def t_two_sided_p(t: float, df: float) -> float:
    """Return P(|T| >= |t|)."""
    return 2.0 * t_lower_p(-abs(t), df)


def chi2_upper_p(statistic: float, df: float) -> float:
    """Return P(X >= statistic) for a chi-square X."""
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


def chi2_quantile(probability: float, df: float) -> float:
    """Return the quantile of chi-square."""
    from scipy.special import gammaincinv

    return 2.0 * float(gammaincinv(df / 2.0, probability))


def f_quantile(probability: float, df1: float, df2: float) -> float:
    """Return the quantile of the F distribution; both df may be fractional."""
    from scipy.special import fdtri

    return float(fdtri(df1, df2, probability))


def f_upper_p(statistic: float, df1: float, df2: float) -> float:
    """Return P(F >= statistic)."""
    from scipy.special import fdtrc

    return float(fdtrc(df1, df2, statistic))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the quantile of the beta distribution."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))


def binomial_lower_p(successes: int, trials: int, probability: float) -> float:
    """Return P(X <= successes) for a binomial X."""
    from scipy.special import bdtr

    return float(bdtr(successes, trials, probability))


def binomial_p(successes: int, trials: int, probability: float) -> float:
    """Return P(X = successes) for a binomial X."""
    lower = binomial_lower_p(successes - 1, trials, probability) if successes > 0 else 0.0
    return binomial_lower_p(successes, trials, probability) - lower
