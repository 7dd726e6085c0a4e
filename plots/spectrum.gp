# Latency by percentile, each tenth of the rest as wide as what went before. Usage: gnuplot -c spectrum.gp [svg|png|dumb]
name = "spectrum"
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), note = strcol(2), curves = int($3), 0) nooutput
array names[curves]
array places[curves]
longest = 0
do for [i=1:curves] {
    stats file index 1 every ::i-1::i-1 using (text = short(strcol(2)), place = $3, lo = $4, hi = $5, log_ = int($6), 0) \
        nooutput
    names[i] = text; places[i] = place
    longest = strlen(text) > longest ? strlen(text) : longest
}
last = 10.
do for [i=1:curves] {
    stats file index 1+i using 1 nooutput
    last = STATS_max > last ? STATS_max : last
}

set label 1 heading("Latency by percentile", of, note) at screen 0.5, 0.96 center font large
set lmargin at screen 0.1
set rmargin at screen room(longest)
set tmargin at screen 0.86
unit = log_ ? 1. : unit_of(hi)
if (log_) { set logscale y; eval log_tics("y", lo, hi, "span_text") }
set label 2 "latency".(log_ ? "" : ", ".unit_name(unit)) at graph 0, graph 1.05
set yrange [lo/unit:hi/unit]
set logscale x
set xrange [1.25:last]
set xtics ("50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1e3, "99.99 %%" 1e4, "99.999 %%" 1e5, "99.9999 %%" 1e6)
set xlabel "percentile, as far as the number of requests supports it"
do for [i=1:curves] { set label 10+i names[i] at graph 1.02, graph places[i] point linestyle i offset 1,0 }
plot for [i=1:curves] file index 1+i using 1:($2/unit) with lines linestyle i, \
     for [i=1:curves] file index 1+i using 1:($2/unit) every 10::9 with points linestyle i
