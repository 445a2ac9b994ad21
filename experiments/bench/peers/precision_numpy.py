"""IWAE-100 of precision.c's model by NumPy's plain estimator: log p(x) - mean of log-mean-exp over
groups of 100 draws. Processor time of one thread, scaled to the draws that a standard error takes.

precision_numpy.py GAP: the exact gap, to be checked against."""
import sys
import time

import numpy as np

K, GROUPS = 100, 40  # 4000 draws a block: all of it stays in cache
W, x, noise = np.array([[1.0, 0.5], [-0.3, 0.8]]), np.array([0.7, -0.4]), 0.6
P = np.eye(2) + W.T @ W / noise**2
cov = np.linalg.inv(P)
mean = cov @ W.T @ x / noise**2 + 0.2
L = 1.5 * np.linalg.cholesky(cov)
S = W @ W.T + noise**2 * np.eye(2)
log_p = -0.5 * x @ np.linalg.solve(S, x) - 0.5 * np.log(np.linalg.det(2 * np.pi * S))
const = -np.log(2 * np.pi) - 2 * np.log(noise) + np.log(np.linalg.det(L))


def block(rng):
    e = rng.standard_normal((2, K * GROUPS))
    z = mean[:, None] + L @ e
    r = x[:, None] - W @ z
    l = const + 0.5 * ((e * e).sum(0) - (z * z).sum(0) - (r * r).sum(0) / noise**2)
    l = l.reshape(GROUPS, K)
    top = l.max(1)
    return top + np.log(np.exp(l - top[:, None]).mean(1))


rng = np.random.Generator(np.random.SFC64(1))
block(rng)
values, start = [], time.process_time()
while time.process_time() - start < 5.0:
    values.append(block(rng))
seconds = time.process_time() - start
values = np.concatenate(values)
error = values.std(ddof=1) / np.sqrt(values.size)
off = (log_p - values.mean() - float(sys.argv[1])) / error
assert abs(off) < 5, off
for target in (1e-4, 1e-6):
    more = (error / target) ** 2
    print(f"NumPy,naive,{target:g},{values.size * K * more:.3g},{seconds * more:.3g},scaled,"
          f"{error:.2g},{off:.2f}")
