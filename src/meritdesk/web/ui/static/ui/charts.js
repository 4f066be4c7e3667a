/* Charts: every element with data-chart="ID" is drawn from the JSON in the element ID (json_script), by ECharts.
 *
 *   {kind: "bar", title, unit?, rows: [{name, value, label?, n?, url?, tone?}], target?, sideways?, heads?}
 *   {kind: "line", title, unit?, points: [name…], series: [{name, values: [value|null…], n?: […]}], target?, low?, high?}
 *   {kind: "contribution", title, whole, rows: [{name, value, whole?, url?}]}        one bar from 0 to the total
 *   {kind: "distribution", title, unit?, before, after, rows: [{name, before, after, quota?}]}   before and after as titles
 *   {kind: "curve", title, x, y, points: [[x, y]…], step?, mark?: [x, y]}             a scoring method; x and y as titles
 *
 * Values are numbers or their texts ("85.00"); a text is shown as it is. `heads` are the headings of the table view
 * {name, value, n}; `tone` is good, warn or bad. A click on a mark with `url` opens the rows behind it. Charts only show.
 */
"use strict";

(() => {
  const PALETTE = ["#1f5fa8", "#4d94c9", "#7a9e7e", "#c9a24d", "#a3736b", "#7d7aa8"];
  const TONES = { good: "#1a7042", warn: "#c98400", bad: "#b3261e" };
  const INK = "#1d2733";
  const SOFT = "#5b6775";
  const LINE = "#dfe4ea";
  const FONT = getComputedStyle(document.body).fontFamily;
  const figure = (value) => (value === null || value === undefined || value === "" ? null : Number(value));
  const shown = (value) => (value === null || value === undefined || value === "" ? "—" : String(value));
  const own = (url) => typeof url === "string" && url.startsWith("/") && !url.startsWith("//");

  const axisText = { color: SOFT, fontSize: 12, fontFamily: FONT };
  const names = (data, more = {}) => ({
    type: "category",
    data,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: LINE } },
    axisLabel: { ...axisText, hideOverlap: true },
    ...more,
  });
  // Names of a few bars are all shown: in a narrow column they are broken into lines, never left out.
  const fewNames = (rows, width) => {
    const each = Math.max(28, Math.floor((width - 70) / Math.max(1, rows.length)) - 4);
    const label = { ...axisText, interval: 0, hideOverlap: false, width: each, overflow: "break" };
    return names(rows.map((row) => row.name), rows.length <= 12 ? { axisLabel: label } : {});
  };
  // What is counted has no halves on its axis.
  const whole = (rows, ...keys) => rows.every((row) => keys.every((key) => Number.isInteger(row[key] ?? 0))) ? { minInterval: 1 } : {};
  const values = (unit, more = {}) => ({
    type: "value",
    name: unit || "",
    nameTextStyle: { ...axisText, align: "left" },
    axisLabel: axisText,
    splitLine: { lineStyle: { color: "#edf0f3" } },
    ...more,
  });
  // Rich text: a tooltip made of HTML would carry style attributes, which the page's policy forbids.
  const tooltip = (more) => ({
    renderMode: "richText",
    confine: true,
    backgroundColor: "#24303d",
    borderWidth: 0,
    textStyle: { color: "#fff", fontSize: 13, fontFamily: FONT },
    ...more,
  });
  const frame = (more = {}) => ({ left: 8, right: 24, top: 28, bottom: 8, containLabel: true, ...more });
  const target = (value, axis) => ({
    silent: true,
    symbol: "none",
    lineStyle: { color: SOFT, type: "dashed" },
    label: { color: SOFT, formatter: String(value), position: "insideEndTop" },
    data: [{ [axis]: figure(value) }],
  });
  const hint = (row) => [row.name, shown(row.label ?? row.value), row.n === undefined ? "" : `n = ${row.n}`].filter(Boolean).join("   ");

  const kinds = {
    bar(chart, width) {
      const category = chart.sideways ? names(chart.rows.map((row) => row.name), { inverse: true }) : fewNames(chart.rows, width);
      const scale = values(chart.unit, { min: 0, ...whole(chart.rows, "value") });
      return {
        grid: frame(chart.sideways ? { top: 8, right: 56 } : {}),
        tooltip: tooltip({ trigger: "item", formatter: (mark) => hint(chart.rows[mark.dataIndex]) }),
        xAxis: chart.sideways ? scale : category,
        yAxis: chart.sideways ? category : scale,
        series: [
          {
            type: "bar",
            barMaxWidth: chart.sideways ? 18 : 36,
            data: chart.rows.map((row) => ({
              value: figure(row.value),
              itemStyle: { color: TONES[row.tone] || PALETTE[0], borderRadius: 2 },
              url: row.url,
            })),
            label: {
              show: chart.rows.length <= 24,
              position: chart.sideways ? "right" : "top",
              color: INK,
              formatter: (mark) => shown(chart.rows[mark.dataIndex].label ?? chart.rows[mark.dataIndex].value),
            },
            ...(chart.target === undefined ? {} : { markLine: target(chart.target, chart.sideways ? "xAxis" : "yAxis") }),
          },
        ],
      };
    },
    line(chart) {
      const many = chart.series.length > 1;
      return {
        // Direct labels at the end of each line instead of a legend.
        grid: frame({ right: many ? 90 : 40 }),
        tooltip: tooltip({
          trigger: "axis",
          formatter: (marks) =>
            [
              chart.points[marks[0].dataIndex],
              ...marks.map((mark) => {
                const line = chart.series[mark.seriesIndex];
                const n = line.n ? `   n = ${line.n[mark.dataIndex]}` : "";
                return `${line.name}   ${shown(line.values[mark.dataIndex])}${n}`;
              }),
            ].join("\n"),
        }),
        xAxis: names(chart.points, { boundaryGap: false }),
        yAxis: values(chart.unit, { scale: chart.low === undefined, min: figure(chart.low), max: figure(chart.high) }),
        series: chart.series.map((line, place) => ({
          type: "line",
          name: line.name,
          data: line.values.map(figure),
          symbolSize: 7,
          connectNulls: false,
          lineStyle: { width: 2, color: PALETTE[place % PALETTE.length], type: place >= PALETTE.length ? "dashed" : "solid" },
          itemStyle: { color: PALETTE[place % PALETTE.length] },
          endLabel: { show: many, formatter: line.name, color: INK },
          label: { show: !many && line.values.length <= 14, color: INK, formatter: (mark) => shown(line.values[mark.dataIndex]) },
          ...(place === 0 && chart.target !== undefined ? { markLine: target(chart.target, "yAxis") } : {}),
        })),
      };
    },
    contribution(chart) {
      return {
        grid: frame({ top: 38, bottom: 34, left: 4, right: 40, containLabel: false }),
        tooltip: tooltip({
          trigger: "item",
          formatter: (mark) => {
            const row = chart.rows[mark.seriesIndex];
            return `${row.name}   ${shown(row.value)}${row.whole === undefined ? "" : ` / ${row.whole}`}`;
          },
        }),
        xAxis: values("", { min: 0, max: figure(chart.whole), interval: figure(chart.whole), axisLabel: { show: false } }),
        yAxis: names([""], { axisLine: { show: false }, axisLabel: { show: false } }),
        series: chart.rows.map((row, place) => ({
          type: "bar",
          stack: "total",
          barWidth: 26,
          data: [{ value: figure(row.value), url: row.url }],
          itemStyle: { color: PALETTE[place % PALETTE.length], borderColor: "#fff", borderWidth: 1 },
          // Above and below in turn, so that the names of narrow parts find room.
          label: { show: true, position: [0, place % 2 ? 31 : -17], color: INK, fontSize: 12, formatter: `${row.name} ${shown(row.value)}`, overflow: "truncate" },
        })),
      };
    },
    distribution(chart, width) {
      const parts = [["before", "#b9c4cf"], ["after", PALETTE[0]]];
      return {
        legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 10, textStyle: { color: INK, fontFamily: FONT } },
        grid: frame({ top: 40 }),
        tooltip: tooltip({
          trigger: "item",
          formatter: (mark) => `${chart.rows[mark.dataIndex].name}   ${mark.seriesName}   ${mark.value}`,
        }),
        xAxis: fewNames(chart.rows, width),
        yAxis: values(chart.unit, { min: 0, minInterval: 1 }),
        series: [
          ...parts.map(([part, color]) => ({
            type: "bar",
            name: chart[part],
            barMaxWidth: 26,
            itemStyle: { color, borderRadius: 2 },
            data: chart.rows.map((row) => ({ value: figure(row[part]), url: row.url })),
            label: { show: true, position: "top", color: INK, formatter: (mark) => shown(mark.value) },
          })),
          ...(chart.rows.some((row) => row.quota !== undefined)
            ? [
                {
                  type: "scatter",
                  name: chart.quota || "",
                  symbol: "rect",
                  symbolSize: [46, 2],
                  itemStyle: { color: INK },
                  data: chart.rows.map((row) => figure(row.quota)),
                },
              ]
            : []),
        ],
      };
    },
    curve(chart) {
      return {
        grid: frame({ top: 30, bottom: 26 }),
        tooltip: tooltip({ trigger: "axis", formatter: (marks) => `${marks[0].value[0]} → ${marks[0].value[1]}` }),
        xAxis: values(chart.x, { nameLocation: "middle", nameGap: 26, nameTextStyle: axisText, scale: true, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: LINE } } }),
        yAxis: values(chart.y),
        series: [
          {
            type: "line",
            data: chart.points.map((point) => point.map(figure)),
            step: chart.step ? "end" : false,
            symbolSize: 5,
            lineStyle: { width: 2, color: PALETTE[0] },
            itemStyle: { color: PALETTE[0] },
            ...(chart.mark
              ? {
                  markPoint: {
                    symbol: "circle",
                    symbolSize: 12,
                    itemStyle: { color: TONES.warn },
                    label: { position: "top", color: INK, formatter: shown(chart.mark[1]) },
                    data: [{ coord: chart.mark.map(figure) }],
                  },
                }
              : {}),
          },
        ],
      };
    },
  };

  /* The table view: the same figures as text, also for screen readers. */
  const cells = (chart) => {
    const heads = chart.heads || {};
    if (chart.kind === "line")
      return [["", ...chart.series.map((line) => line.name)], ...chart.points.map((name, place) => [name, ...chart.series.map((line) => shown(line.values[place]))])];
    if (chart.kind === "curve") return [[chart.x, chart.y], ...chart.points.map((point) => point.map(shown))];
    if (chart.kind === "distribution")
      return [["", chart.before, chart.after], ...chart.rows.map((row) => [row.name, shown(row.before), shown(row.after)])];
    const counted = chart.rows.some((row) => row.n !== undefined);
    return [
      [heads.name || "", heads.value || chart.unit || "", ...(counted ? [heads.n || "n"] : [])],
      ...chart.rows.map((row) => [row.name, shown(row.label ?? row.value), ...(counted ? [shown(row.n)] : [])]),
    ];
  };
  const table = (chart) => {
    const made = document.createElement("table");
    made.className = "data-table";
    cells(chart).forEach((row, line) => {
      const at = (line ? made.tBodies[0] || made.createTBody() : made.createTHead()).insertRow();
      row.forEach((cell, place) => {
        const found = document.createElement(line && place ? "td" : "th");
        found.textContent = cell;
        if (place) found.className = "num";
        at.append(found);
      });
    });
    return made;
  };

  const draw = (place) => {
    const source = document.getElementById(place.dataset.chart);
    if (!source || !window.echarts) return;
    const chart = JSON.parse(source.textContent);
    const known = window.echarts.getInstanceByDom(place);
    const drawn = known || window.echarts.init(place, null, { renderer: "canvas" });
    const show = () => drawn.setOption({ animation: false, textStyle: { fontFamily: FONT }, color: PALETTE, ...kinds[chart.kind](chart, place.clientWidth) }, true);
    show();
    if (known) return;
    drawn.on("click", (mark) => {
      if (own(mark.data?.url)) window.location.assign(mark.data.url);
    });
    let width = place.clientWidth;
    new ResizeObserver(() => {
      drawn.resize();
      if (place.clientWidth === width) return;
      width = place.clientWidth;
      draw(place);  // the names of bars are broken to the new width
    }).observe(place);
    window.addEventListener("beforeprint", () => drawn.resize());
  };
  const drawAll = (root) => {
    if (root.matches?.("[data-chart]")) draw(root);
    for (const place of root.querySelectorAll?.("[data-chart]") ?? []) draw(place);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-chart-table]");
    if (!button) return;
    const picture = document.getElementById(button.dataset.chartTable);
    const frameOfTable = document.getElementById(`${button.dataset.chartTable}-table`);
    const open = frameOfTable.hidden;
    if (open) frameOfTable.replaceChildren(table(JSON.parse(document.getElementById(picture.dataset.chart).textContent)));
    frameOfTable.hidden = !open;
    picture.hidden = open;
    button.setAttribute("aria-expanded", String(open));
  });
  // Others may change the JSON (live curve of a scoring method) and ask for a new drawing: dispatch "draw" on the element.
  document.addEventListener("draw", (event) => draw(event.target));
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
  document.addEventListener("DOMContentLoaded", () => drawAll(document.body));
})();
