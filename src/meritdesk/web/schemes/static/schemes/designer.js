/* The designer: running totals while weights are typed, the metric list, fields that were refused, line numbers. */
"use strict";

(() => {
  const designer = document.getElementById("designer");

  /* ---- a choice that redraws its form saves by itself: the autosave of the form must not run as well ---- */
  for (const kind of ["change", "input"])
    designer?.addEventListener(kind, (event) => {
      if (event.target.closest("[data-step], [data-filter-list]")) event.stopPropagation();
    });

  /* ---- every form of the page follows the number of the last save ---- */
  document.addEventListener("saved", (event) => {
    for (const input of document.querySelectorAll("input[name=edit_version]")) input.value = event.detail.edit_version;
  });

  /* ---- running totals: whole hundredths, never fractions ---- */
  const units = (text) => {
    const found = /^(\d+)(?:\.(\d{1,4}))?$/.exec(text.trim());
    return found ? Number(found[1]) * 10000 + Number((found[2] || "").padEnd(4, "0")) : 0;
  };
  const shown = (sum) => {
    const rest = String(sum % 10000).padStart(4, "0").replace(/0+$/, "");
    return Math.floor(sum / 10000) + (rest ? `.${rest}` : "");
  };
  const total = (place, inputs, whole) => {
    if (!place) return;
    const sum = inputs.reduce((before, input) => before + units(input.value), 0);
    place.querySelector("output").textContent = shown(sum);
    place.classList.toggle("is-wrong", whole && sum !== 1000000);
  };
  document.addEventListener("input", (event) => {
    const tree = event.target.closest("#tree");
    if (!tree) return;
    const whole = tree.dataset.measure === "weight";
    const branch = event.target.closest("[data-branch]");
    const leaves = branch ? [...branch.querySelectorAll('[data-weight="indicator"]')] : [];
    if (whole && leaves.some((leaf) => leaf.value.trim())) total(branch.querySelector("[data-sum]"), leaves, true);
    const kind = whole ? "dimension" : "indicator";
    total(tree.querySelector('[data-sum="dimension"]'), [...tree.querySelectorAll(`[data-weight="${kind}"]`)], whole);
  });

  /* ---- the metric list: narrowed while one types ---- */
  document.addEventListener("input", (event) => filter(event.target));
  designer?.addEventListener("input", (event) => filter(event.target), true);
  const filter = (input) => {
    if (!input.matches?.("[data-filter-list]")) return;
    const wanted = input.value.trim().toLowerCase();
    for (const option of input.closest("[data-picker]").querySelectorAll("[data-words]"))
      option.hidden = !option.dataset.words.toLowerCase().includes(wanted);
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-filter-list]")) event.preventDefault();
  });

  /* ---- fields that were refused are marked where they stand ---- */
  const mark = () => {
    for (const field of document.querySelectorAll(".is-wrong.form-control, .is-wrong.form-select, [data-node].is-wrong")) {
      field.classList.remove("is-wrong");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("title");
    }
    for (const note of document.querySelectorAll("[data-wrong]")) {
      const name = CSS.escape(note.dataset.wrong);
      const found = document.querySelector(`#part [name="${name}"]`) || document.querySelector(`#part [data-node="${name}"]`);
      if (!found) continue;
      found.classList.add("is-wrong");
      found.setAttribute("aria-invalid", "true");
      found.title = note.dataset.message;
    }
  };
  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("htmx:oobAfterSwap", mark);
  document.addEventListener("DOMContentLoaded", mark);

  /* ---- line numbers beside the text, and the way to a line ---- */
  const edit = document.querySelector("[data-lines]");
  const numbers = document.querySelector("[data-numbers]");
  if (edit && numbers) {
    const count = () => {
      const lines = edit.value.split("\n").length;
      numbers.textContent = Array.from({ length: lines }, (_unused, at) => at + 1).join("\n");
      numbers.scrollTop = edit.scrollTop;
    };
    edit.addEventListener("input", count);
    edit.addEventListener("scroll", () => {
      numbers.scrollTop = edit.scrollTop;
    });
    count();
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-line]");
      if (!button) return;
      const line = Number(button.dataset.line.split(":").pop());
      const before = edit.value.split("\n").slice(0, line - 1).join("\n").length;
      edit.focus();
      edit.setSelectionRange(before + (line > 1 ? 1 : 0), before + (line > 1 ? 1 : 0) + (edit.value.split("\n")[line - 1] || "").length);
      edit.scrollTop = Math.max(0, (line - 6) * 20);
    });
  }
})();
