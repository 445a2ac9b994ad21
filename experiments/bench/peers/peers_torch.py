"""W1, W2 and W3 in PyTorch, double precision, no gradients. peers_torch.py FOLDER THREADS"""
import math
import sys
import time

import numpy as np
import torch

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.set_default_dtype(torch.float64)
S, S3, K, BLOCK = 10**6, 10**5, 64, 8000


def load(name, *shape):
    return torch.tensor(np.loadtxt(f"{folder}/{name}.txt").reshape(shape))


W, x = load("w2_W", 12, 8), load("w2_x", 12)
mean, sd = load("w2_mean", 8), load("w2_sd", 8)
data, mode, L = load("w3_data", 532, 5), load("w3_mode", 5), load("w3_L", 5, 5)
y, X = data[:, 0], torch.cat([torch.ones(532, 1), data[:, 1:]], 1)


def toy(n):
    e = torch.randn(n)
    z = 0.4 + 0.8 * e
    return 0.5 * e * e - 0.5 * z * z - (1.2 - z) ** 2 - 0.5 * math.log(math.pi) + math.log(0.8)


def linear(n):
    e = torch.randn(n, 8)
    z = mean + sd * e
    r = x - z @ W.T
    return 0.5 * (e * e - z * z).sum(1) - (r * r).sum(1) - 6 * math.log(math.pi) + sd.log().sum()


def logistic(n):
    e = torch.randn(n, 5)
    b = mode + e @ L.T
    eta = b @ X.T
    prior = -0.5 * (b * b).sum(1) / 6.25 - 5 * math.log(2.5)
    softplus = torch.nn.functional.softplus(eta)
    return b @ (y @ X) - softplus.sum(1) + prior + 0.5 * (e * e).sum(1) + L.diag().log().sum()


def groups(weights, n):
    elbo, iwae = [], []
    for _ in range(S // n):
        l = weights(n)
        elbo.append(l.mean().item())
        iwae.append((torch.logsumexp(l.view(-1, K), 1) - math.log(K)).mean().item())
    return sum(elbo) / len(elbo), sum(iwae) / len(iwae)


def evidence(n):
    l = torch.cat([logistic(n) for _ in range(S3 // n)])
    return (torch.logsumexp(l, 0) - math.log(S3)).item(), None


def best(f, repeats):
    least = math.inf
    for _ in range(repeats + 1):
        t = time.perf_counter()
        out = f()
        least = min(least, time.perf_counter() - t)
    return least, out


def emit(name, unit, t, out):
    last = "" if out[1] is None else "%.6f" % out[1]
    print(f"{name},{threads},{unit},{t:.4g},{out[0]:.6f},{last}")


with torch.no_grad():
    for name, f in (("W1", toy), ("W2", linear)):
        for how, n in (("PyTorch", S), ("PyTorch in blocks", BLOCK)):
            t, out = best(lambda: groups(f, n), 3)
            emit(f"{name},{how}", "ns", t / S * 1e9, out)
    t, out = best(lambda: evidence(1000), 3)
    emit("W3,PyTorch in blocks", "ms", t * 1e3, out)
