#!/bin/sh
# Regenerates table.txt, gaps.csv, by-digit.txt and worst.txt. JENSEN: the program to run.
set -eu
cd "$(dirname "$0")"
jensen=${JENSEN:-../../build/tools/jensen}

table() {
    "$jensen" gap decoder --set decoder=data/decoder --set encoder=data/encoder \
        --set binarize=7.5 --data data/digits.csv --columns p0..p63 --rows 1500:1797 \
        --k 1..1e4 --tolerance 1e-6 "$@" || [ $? -eq 1 ] # 1: a row misses the tolerance, and says so
}

table --format table --output table.txt
# every observation, joined with what the digit shows
table --format csv --per-datum --output all.csv
awk -F, 'BEGIN { OFS = "," }
    FNR == NR { if (FNR > 1501) label[FNR - 1502] = $NF; next }
    FNR == 1 { for (i = 1; i <= NF; i++) c[$i] = i
               print "row", "digit", "log_evidence", "elbo", "gap_elbo", "gap_iwae_50"; next }
    $c["index"] == "" { next }
    $c["name"] == "elbo" { i = $c["index"]; e[i] = $c["evidence"]; b[i] = $c["value"]; g[i] = $c["gap"] }
    $c["name"] == "iwae" && $c["k"] == 50 {
        i = $c["index"]
        printf "%d,%s,%.9f,%.9f,%.9f,%.9f\n", i + 1500, label[i], e[i], b[i], g[i], $c["gap"] }' \
    data/digits.csv all.csv > gaps.csv
rm all.csv
awk -F, 'NR > 1 { n[$2]++; s[$2] += $5; q[$2] += $5 * $5; t[$2] += $6; p[$2] += $3
                  if ($5 > m[$2]) m[$2] = $5 }
    END { print "digit  rows  mean log p(x)  mean gap of elbo  sd of it  largest  mean gap of iwae-50"
          for (d = 0; d < 10; d++) { a = s[d] / n[d]
              printf "%5d %5d %14.3f %17.3f %9.3f %8.3f %20.3f\n", d, n[d], p[d] / n[d], a,
                     sqrt(q[d] / n[d] - a * a), m[d], t[d] / n[d] } }' gaps.csv > by-digit.txt
{ head -1 gaps.csv; tail -n +2 gaps.csv | sort -t, -k5,5 -g -r | head -5; } > worst.txt
tail -n +2 gaps.csv | sort -t, -k5,5 -g -r | awk -F, '{ g[NR] = $5; s += $5; if (NR <= 30) t += $5 }
    END { printf "median gap %.3f; the 30 largest of %d hold %.0f %% of the sum\n",
                 g[(NR + 1) / 2], NR, 100 * t / s }' >> by-digit.txt
