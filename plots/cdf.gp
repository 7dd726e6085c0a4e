# The share of the requests that took no longer. Usage: gnuplot -c cdf.gp [svg|png|dumb]
name = "cdf"
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), note = strcol(2), curves = int($3), lo = $4, hi = $5, log_ = int($6), 0) nooutput
array names[curves]
array xs[curves]
array ys[curves]
do for [i=1:curves] {
    stats file index 1 every ::i-1::i-1 using (text = short(strcol(2)), x = $3, y = $4, 0) nooutput
    names[i] = text; xs[i] = x; ys[i] = y
}

set title heading("Latency of the requests", of, note) font large
unit = log_ ? 1. : unit_of(hi)
if (log_) { set logscale x; eval log_tics("x", lo, hi, "span_text") } else { set xlabel "latency, ".unit_name(unit) }
set xrange [lo/unit:hi/unit]
set yrange [0:1]
set ytics ("0 %%" 0, "25 %%" 0.25, "50 %%" 0.5, "75 %%" 0.75, "90 %%" 0.9, "100 %%" 1)
set rmargin 4
do for [i=1:curves] {
    # To the side on which there is room.
    place = log_ ? log(xs[i] / lo) / log(hi / lo) : (xs[i] - lo) / (hi - lo)
    if (place > 0.6) {
        set label 10+i names[i] at xs[i]/unit, ys[i] right offset -0.7,0 boxed front point linestyle i
    } else {
        set label 10+i names[i] at xs[i]/unit, ys[i] left offset 0.7,0 boxed front point linestyle i
    }
}
plot for [i=1:curves] file index 1+i using ($1/unit):2 with lines linestyle i
