/* Behaviour of all pages, bound by data-attributes (named at the head of each block); no framework beside htmx, no inline script. */
"use strict";

(() => {
  const text = (name) => document.body.dataset[name] || "";
  const on = (kind, selector, act) =>
    document.addEventListener(kind, (event) => {
      const found = event.target instanceof Element ? event.target.closest(selector) : null;
      if (found) act(found, event);
    });

  /* ---- toasts: from the page, or from the header HX-Trigger {"toast": {"text", "tone"}} ---- */
  const expire = (note) => {
    // What went wrong stays until it is closed; the rest goes by itself.
    if (!note.matches(".is-error, .is-bad, .is-warning, .is-warn")) setTimeout(() => note.remove(), 6000);
  };
  const toast = (message, tone = "info") => {
    const note = document.createElement("div");
    const words = document.createElement("span");
    const close = document.createElement("button");
    note.className = `toast-note is-${tone}`;
    note.dataset.toast = "";
    words.textContent = message;
    close.type = "button";
    close.className = "icon-button";
    close.dataset.close = "";
    close.setAttribute("aria-label", text("textClose"));
    close.textContent = "×";
    note.append(words, close);
    document.getElementById("toasts").append(note);
    expire(note);
  };
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));

  /* ---- data-open, data-close: native dialogs, toasts ---- */
  on("click", "[data-open]", (button) => {
    const dialog = document.getElementById(button.dataset.open);
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  });
  on("click", "[data-close]", (button) => {
    const note = button.closest("[data-toast]");
    if (note) note.remove();
    else button.closest("dialog")?.close();
  });
  on("click", "dialog", (dialog, event) => {
    if (event.target === dialog && !dialog.querySelector("[data-changed]")) dialog.close();
  });

  /* ---- data-menu, data-toggle-class ---- */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]"))
      if (!menu.contains(event.target)) menu.open = false;
    if (document.body.classList.contains("side-open") && !event.target.closest(".app-side, .side-toggle"))
      document.body.classList.remove("side-open");
  });
  on("click", "[data-toggle-class]", (button) => {
    const open = document.body.classList.toggle(button.dataset.toggleClass);
    button.setAttribute("aria-expanded", String(open));
  });

  /* ---- keys: Ctrl-K to search, Escape out of menus ---- */
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === "Escape") {
      document.body.classList.remove("side-open");
      for (const menu of document.querySelectorAll("details[data-menu][open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
  });

  /* ---- data-number-keys: a digit chooses the level in the row with the focus and goes on to the next row ---- */
  document.addEventListener("keydown", (event) => {
    if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
    const frame = event.target.closest("[data-number-keys]");
    if (typing || !frame) return;
    const rows = [...frame.querySelectorAll("[data-number-row]")];
    const row = event.target.closest("[data-number-row]") || rows[0];
    const choice = row && [...row.querySelectorAll("input[type=radio]")].find((radio) => radio.value === event.key);
    if (!choice || choice.disabled) return;
    event.preventDefault();
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    const next = rows[rows.indexOf(row) + 1];
    const target = next && (next.querySelector("input[type=radio]:checked") || next.querySelector("input[type=radio]"));
    (target || choice).focus();
  });

  /* ---- data-autosubmit, data-filter (tables), data-autosave (fires `autosave` on the form once typing rests) ---- */
  on("change", "[data-autosubmit]", (element) => (element.form || element.closest("form")).requestSubmit());
  const waits = new WeakMap();
  const later = (form, name, delay) => {
    clearTimeout(waits.get(form));
    waits.set(form, setTimeout(() => form.dispatchEvent(new CustomEvent(name)), delay));
  };
  on("input", "[data-filter]", (input) => later(input.form, "filter", input.matches("select") ? 0 : 350));
  on("input", "form[data-autosave]", (form) => later(form, "autosave", 600));
  on("change", "form[data-autosave]", (form) => later(form, "autosave", 150));
  document.addEventListener("visibilitychange", () => {
    // Nothing typed is lost by putting the phone away.
    if (document.visibilityState !== "hidden") return;
    for (const form of document.querySelectorAll("form[data-autosave][data-changed]")) later(form, "autosave", 0);
  });

  /* ---- data-dirty: warns before unsaved changes are left; autosaved forms until they are saved ---- */
  const touched = (form) => {
    form.dataset.changed = "";
  };
  on("input", "form[data-dirty], form[data-autosave]", touched);
  on("change", "form[data-dirty], form[data-autosave]", touched);
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-changed]:not([data-sent])")) event.preventDefault();
  });

  /* ---- a form is sent once: its buttons rest until the page answers (data-repeat: a download, which leaves the page) ---- */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[data-repeat]")) return;
    form.dataset.sent = "";
    // After the browser has read which button was pressed.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
    });
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button:disabled")) button.disabled = false;
    }
  });

  /* ---- data-choose, data-choose-all: rows chosen for an act on many ---- */
  const countChosen = (table) => {
    const boxes = [...table.querySelectorAll("[data-choose]")];
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").classList.toggle("is-chosen", box.checked);
    const bulk = table.querySelector("[data-bulk]");
    if (bulk) {
      bulk.hidden = !chosen.length;
      bulk.querySelector("[data-bulk-count]").textContent = chosen.length;
    }
    const all = table.querySelector("[data-choose-all]");
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    }
  };
  on("change", "[data-choose]", (box) => countChosen(box.closest("[data-table]")));
  on("change", "[data-choose-all]", (all) => {
    const table = all.closest("[data-table]");
    for (const box of table.querySelectorAll("[data-choose]")) box.checked = all.checked;
    countChosen(table);
  });

  /* ---- data-show-when="field=a|b": shown only while the field of its form has one of the values ---- */
  const showParts = (root) => {
    for (const part of root.querySelectorAll("[data-show-when]")) {
      const [name, values] = part.dataset.showWhen.split("=");
      const form = part.closest("form");
      const value = form ? new FormData(form).get(name) : null;
      part.hidden = !(values || "").split("|").includes(value ?? "");
    }
  };
  on("change", "form", (form) => showParts(form));

  /* ---- data-copy="#id", data-print ---- */
  on("click", "[data-copy]", async (button) => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    if (button.dataset.copied) toast(button.dataset.copied, "good");
  });
  on("click", "[data-print]", () => window.print());

  /* ---- htmx: the line on top while it waits, what failed, when it was saved, where a finished job goes ---- */
  let waiting = 0;
  const busy = (change) => {
    waiting = Math.max(0, waiting + change);
    document.documentElement.classList.toggle("is-busy", waiting > 0);
  };
  const quiet = (event) => event.detail.elt?.closest?.("[data-quiet]");
  document.addEventListener("htmx:beforeRequest", (event) => quiet(event) || busy(1));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!quiet(event)) busy(-1);
    const form = event.detail.elt?.closest?.("form");
    if (form && event.detail.successful) {
      delete form.dataset.changed;
      for (const place of form.querySelectorAll("[data-saved-at]"))
        place.textContent = new Date().toLocaleTimeString("zh-CN", { hour12: false });
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A refused form comes back as a page part with its problems (409, 422): show it like any other answer.
    if ([409, 422].includes(event.detail.xhr.status)) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", () => toast(text("textFailed"), "bad"));
  document.addEventListener("htmx:sendError", () => toast(text("textOffline"), "bad"));
  const arrive = (root) => {
    for (const note of root.querySelectorAll?.("[data-toast]") ?? []) expire(note);
    const go = root.matches?.("[data-go]") ? root : root.querySelector?.("[data-go]");
    // Only to a page of our own.
    if (go && go.dataset.go.startsWith("/") && !go.dataset.go.startsWith("//")) window.location.assign(go.dataset.go);
    if (root.querySelectorAll) showParts(root);
  };
  document.addEventListener("htmx:load", (event) => arrive(event.detail.elt));
  document.addEventListener("DOMContentLoaded", () => {
    arrive(document.body);
    for (const table of document.querySelectorAll("[data-table]")) countChosen(table);
    document.querySelector(".field.is-refused input, .field.is-refused select, .field.is-refused textarea")?.focus();
  });
})();
