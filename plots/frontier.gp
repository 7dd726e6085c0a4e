# What a plan's configurations cost and how slow they are. Usage: gnuplot -c frontier.gp [svg|png|dumb]
name = "frontier"
call "style.gp" ARG1 ARG2 ARG3
stats file index 0 using (of = strcol(1), latency = strcol(2), cost = strcol(3), most = $4, x_lo = $5, x_hi = $6, x_log = int($7), \
    y_lo = $8, y_hi = $9, y_log = int($10), limited = int($11), 0) nooutput
array kind[4] = ["fails", "meets the objective", "recommended", "next cheaper, fails"]
array kind_colour[4] = [colour[2], colour[3], colour[1], colour[6]]
array kind_mark[4] = [4, 7, 5, 9]
best = ""; runner_up = ""
stats file index 1 using (best = int($6) == 2 ? strcol(1) : best, runner_up = int($6) == 3 ? strcol(1) : runner_up, 0) nooutput
kind[3] = kind[3].": ".best
kind[4] = kind[4].": ".runner_up

set label 1 heading("Cost and latency", of, "") at screen 0.5, 0.96 center font large
do for [v=1:4] {
    if (v < 3 || (v == 3 && strlen(best)) || (v == 4 && strlen(runner_up))) {
        set label 10+v kind[v] at screen (v % 2 ? 0.12 : 0.55), screen (v < 3 ? 0.9 : 0.86) \
            point pointtype kind_mark[v] pointsize 1.1 linecolor rgb kind_colour[v] offset 1,0
    }
}
set lmargin at screen 0.1
set rmargin at screen 0.96
set tmargin at screen 0.77
unit = y_log ? 1. : unit_of(y_hi)
if (x_log) { set logscale x; eval log_tics("x", x_lo, x_hi, "count_text") }
if (y_log) { set logscale y; eval log_tics("y", y_lo, y_hi, "span_text") }
set xrange [x_lo:x_hi]
set yrange [y_lo/unit:y_hi/unit]
set xlabel "cost: ".cost
set label 2 latency.(y_log ? "" : ", ".unit_name(unit)) at graph 0, graph 1.05
if (limited) {
    set arrow 1 from graph 0, first most/unit to graph 1, first most/unit nohead linestyle 8
    set label 3 "objective" at graph 1, first most/unit right offset 0,0.6 textcolor rgb grey
}
plot file index 2 using 1:($2/unit) with steps linecolor rgb pale linewidth 2, \
     for [v=0:3] file index 1 using (int($6) == v ? $2 : NaN):($3/unit):($4/unit):($5/unit) with yerrorbars \
         linecolor rgb kind_colour[v+1] linewidth 1 pointtype kind_mark[v+1] pointsize (v > 1 ? 1.4 : 0.8)
