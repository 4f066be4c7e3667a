/* Rating: a level opens the scores of its range, keys move between rows, a note is quoted into a remark. Saving is htmx's
   (forms with data-autosave); nothing is added up here. */
"use strict";

(() => {
  const rowOf = (element) => element.closest("[data-judge]");
  const levelOf = (row) => row.querySelector("input[name=level]:checked");

  /* ---- the score: hidden for fixed levels; else inside the range, as a number or by one tap ---- */
  const showScore = (row, chosenNow) => {
    const part = row.querySelector("[data-score]");
    const why = row.querySelector("[data-remark-why]");
    const level = levelOf(row);
    if (why) {
      const extreme = Boolean(level && "extreme" in level.dataset);
      why.hidden = !extreme;
      why.classList.toggle("is-warn", extreme);
    }
    if (!part) return;
    const input = part.querySelector("input");
    const { low, high } = level ? level.dataset : {};
    const ranged = Boolean(level) && low !== high;
    part.hidden = !ranged;
    if (row.hasAttribute("data-autosave")) input.disabled = !ranged;
    if (!ranged) {
      input.value = "";
      return;
    }
    input.min = low;
    input.max = high;
    if (input.value !== "" && (Number(input.value) < Number(low) || Number(input.value) > Number(high))) input.value = "";
    const chips = part.querySelector("[data-chips]");
    if (chips) drawChips(chips, input, Number(low), Number(high));
    // After the number key has moved the focus on: the score of this row comes first.
    if (chosenNow && input.value === "") setTimeout(() => input.focus());
  };
  const drawChips = (chips, input, low, high) => {
    const step = Number(input.step) || 1;
    chips.replaceChildren();
    if (input.disabled || (high - low) / step > 15) return;
    for (let points = low; points <= high; points += step) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "score-chip";
      chip.textContent = points;
      chip.dataset.points = points;
      chip.setAttribute("aria-pressed", String(input.value !== "" && Number(input.value) === points));
      chips.append(chip);
    }
  };
  const markChips = (row) => {
    const input = row.querySelector("[data-score] input");
    for (const chip of row.querySelectorAll("[data-points]"))
      chip.setAttribute("aria-pressed", String(input.value !== "" && Number(input.value) === Number(chip.dataset.points)));
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-judge] input[name=level]")) showScore(rowOf(event.target), true);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-judge] input[name=score]")) markChips(rowOf(event.target));
  });
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-points]");
    if (chip) {
      const input = rowOf(chip).querySelector("[data-score] input");
      input.value = chip.dataset.points;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (event.target.closest("[data-reload]")) {
      // What was typed is given up on purpose: no warning.
      for (const form of document.querySelectorAll("form[data-changed]")) delete form.dataset.changed;
      window.location.reload();
    }
  });

  /* ---- keys: Enter in a score goes to the next row; up and down change the row side by side ---- */
  const step = (row, by) => {
    const rows = [...row.closest("[data-sheet]").querySelectorAll("[data-judge]")];
    const next = rows[rows.indexOf(row) + by];
    const target = next && (levelOf(next) || next.querySelector("input[name=level]"));
    if (target) target.focus();
    return Boolean(target);
  };
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.("[data-judge]");
    if (!row) return;
    if (event.key === "Enter" && event.target.matches("input[name=score], input[name=level]")) {
      event.preventDefault();
      step(row, 1);
    } else if (/^Arrow(Up|Down)$/.test(event.key) && event.target.matches("[data-arrow-rows] input")) {
      event.preventDefault();
      step(row, event.key === "ArrowDown" ? 1 : -1);
    }
  });
  // A form that is only saved by itself has no address to be sent to.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-judge]")) event.preventDefault();
  });

  /* ---- a note is quoted into the remark that was edited last ---- */
  let lastRemark = null;
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-judge]");
    if (row) lastRemark = row.querySelector("textarea[name=remark]");
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-quote]");
    if (!button) return;
    // Only into a remark about the same person: side by side there are rows of others.
    const { form, indicator, quote } = button.dataset;
    const rows = [...document.querySelectorAll(`[data-judge][id^="item-${form}-"]`)];
    const named = rows.find((row) => row.id === `item-${form}-${indicator}`);
    const row = named || rows.find((each) => each.contains(lastRemark)) || rows[0];
    const remark = row?.querySelector("textarea[name=remark]");
    if (!remark || remark.readOnly) return;
    button.closest("dialog")?.close();
    remark.value = [remark.value.trim(), quote].filter(Boolean).join("\n");
    remark.focus();
    remark.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const row of document.querySelectorAll("[data-judge]")) showScore(row, false);
    // Number keys work at once, from the first row that is still open.
    const open = [...document.querySelectorAll("[data-number-row]")].find((row) => !levelOf(row));
    if (open && window.matchMedia("(min-width: 1000px)").matches)
      open.querySelector("input[name=level]").focus({ preventScroll: true });
  });
})();
