"""W1, W2 and W3 in NumPy, in one piece and in blocks that stay in cache.

peers_numpy.py FOLDER; FOLDER has what `estimates --write` made."""
import sys
import time

import numpy as np

S, S3, K, BLOCK = 10**6, 10**5, 64, 8000
folder = sys.argv[1]


def load(name, *shape):
    return np.loadtxt(f"{folder}/{name}.txt").reshape(shape)


W, x = load("w2_W", 12, 8), load("w2_x", 12)
mean, sd = load("w2_mean", 8), load("w2_sd", 8)
data, mode, L = load("w3_data", 532, 5), load("w3_mode", 5), load("w3_L", 5, 5)
y, X = data[:, 0], np.column_stack([np.ones(532), data[:, 1:]])
Xt, yX = np.ascontiguousarray(X.T), y @ X


def toy(rng, n):
    e = rng.standard_normal(n)
    z = 0.4 + 0.8 * e
    return 0.5 * e * e - 0.5 * z * z - (1.2 - z) ** 2 - 0.5 * np.log(np.pi) + np.log(0.8)


def linear(rng, n):
    e = rng.standard_normal((n, 8))
    z = mean + sd * e
    r = x - z @ W.T
    return (0.5 * (e * e - z * z).sum(1) - (r * r).sum(1) - 6 * np.log(np.pi) + np.log(sd).sum())


def softplus_plain(eta):
    return np.logaddexp(0.0, eta)


def softplus_tuned(eta):  # fine for eta < 700
    np.exp(eta, out=eta)
    eta += 1.0
    return np.log(eta, out=eta)


def logistic(rng, n, softplus):
    e = rng.standard_normal((n, 5))
    b = mode + e @ L.T
    prior = -0.5 * (b * b).sum(1) / 6.25 - 5 * np.log(2.5)
    return b @ yX - softplus(b @ Xt).sum(1) + prior + 0.5 * (e * e).sum(1) + np.log(np.diag(L)).sum()


def groups(weights, n):
    rng, elbo, iwae = np.random.default_rng(10), [], []
    for _ in range(S // n):
        l = weights(rng, n)
        g = l.reshape(-1, K)
        top = g.max(1)
        elbo.append(l.mean())
        iwae.append((top + np.log(np.exp(g - top[:, None]).mean(1))).mean())
    return np.mean(elbo), np.mean(iwae)


def evidence(n, softplus):
    rng = np.random.default_rng(10)
    l = np.concatenate([logistic(rng, n, softplus) for _ in range(S3 // n)])
    return l.max() + np.log(np.exp(l - l.max()).mean()), None


def best(f, repeats):
    least = np.inf
    for _ in range(repeats):
        t = time.perf_counter()
        out = f()
        least = min(least, time.perf_counter() - t)
    return least, out


def emit(name, unit, t, out):
    print(f"{name},1,{unit},{t:.4g},{out[0]:.6f},{'' if out[1] is None else '%.6f' % out[1]}")


for name, f in (("W1", toy), ("W2", linear)):
    for how, n in (("NumPy", S), ("NumPy in blocks", BLOCK)):
        t, out = best(lambda: groups(f, n), 5 if name == "W1" else 3)
        emit(f"{name},{how}", "ns", t / S * 1e9, out)
for how, softplus in (("NumPy", softplus_plain), ("NumPy tuned", softplus_tuned)):
    t, out = best(lambda: evidence(1000, softplus), 3)
    emit(f"W3,{how}", "ms", t * 1e3, out)
