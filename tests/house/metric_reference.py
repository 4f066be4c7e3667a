"""Writes the reference page of the shipped metrics from their definitions.

Run as a program (`python -m tests.house.metric_reference`) it renews docs/reference/metrics.md; a test proves that
nothing is left to renew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.describe import formula
from meritdesk.metrics.load import LIBRARY, load_metrics, read_metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
HEADER = """# 运营指标 · Metrics

随产品提供的全部指标。
本页由定义（`library/metrics/*.yaml`）生成（`python -m tests.house.metric_reference`），有测试保证一致。
每个指标另有手写 SQL 与之逐位相等。

- 数值 =（分子 ÷ 10^分子小数位）÷（分母 ÷ 10^分母小数位），四舍五入到所列小数位；没有分母的就是分子。
- 分母为 0 是“无数据”，不是 0；没有分母的计数才是 0。汇总时分子、分母分别相加，不对平均数求平均。
- 缺值的比较不成立；“不满足（…）”对缺值成立。
- 排除的事实（已核实的异常）不进入任何指标，数量另列；待定的事实等定了再算。
- 自己的指标按同样的写法放进 YAML 文件，见“写法”。标准的名称只供对照，不表示经其认证。

## 写法 · Writing your own

```yaml
metrics:
  - id: long_calls
    title: 超长通话占比
    title_en: Share of long calls
    unit: ratio            # ratio, seconds, count, points, yuan, level
    better: lower          # higher, lower, range
    influence: person      # person, team, system：谁能影响它
    rests_on: [contacts.handle]   # 相同依据的指标会被查出重复计算
    table: contacts
    kind: ratio            # count, sum, ratio, mean, median, percentile, fcr, distinct
    where: {not: {column: handle_seconds, is_missing: true}}
    numerator: {where: {column: handle_seconds, at_least: {parameter: long}}}
    parameters: {long: 600}
    scale: 4
```

条件只有：`equals`、`in`、`at_least`、`at_most`、`is_missing`，用 `all`、`any`、`not` 组合；
右边可以是值、`{parameter: …}` 或 `{column: …, plus: …}`。
左边可以是列、`{seconds: [从, 到]}` 或 `{days: [从, 到]}`（业务时区的自然日）。
`credit` 指明记在谁名下：一个列名，或各列的份额（合计 10000），如 `{person: 5000, closer: 5000}`。
"""
TITLES = {
    "contacts": "联系 · Contacts",
    "quality": "评价、投诉、质检 · Quality",
    "orders": "订单 · Orders",
    "work": "出勤与事项 · Work",
}


def metric_reference(metrics: Mapping[str, Metric] | None = None) -> str:
    """Return the page: every metric in the order of the files, with its formula in words."""
    known = metrics or load_metrics()
    parts = [HEADER]
    for file in sorted(LIBRARY.glob("*.yaml")):
        listed = [metric for metric, _place in read_metrics(file.read_text(encoding="utf-8"), file.name)[0]]
        parts += [f"## {TITLES[file.stem]}\n", *(line for metric in listed for line in _entry(known[metric.id]))]
    return "\n".join(parts)


def _entry(metric: Metric) -> Iterable[str]:
    yield f"### {metric.id} · {metric.title} · {metric.title_en}\n"
    if metric.about:
        yield f"{metric.about}\n"
    for title, words in formula(metric).items():
        yield f"- {title}：{words}"
    decimals = f"{metric.scale}（分子 {metric.numerator_scale}，分母 {metric.denominator_scale}）"
    yield f"- 单位：{metric.unit}；小数位：{decimals}；取向：{metric.better}；影响：{metric.influence}"
    yield f"- 最小样本：{metric.minimum_sample}"
    yield f"- 依据：{'、'.join(metric.rests_on)}" + (f"；对照：{metric.standard}" if metric.standard else "") + "\n"


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(metric_reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
