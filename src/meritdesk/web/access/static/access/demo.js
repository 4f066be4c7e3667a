// The sign-in page of the demo: a click on an account fills the form.
"use strict";
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  const button = row && row.querySelector("[data-demo-name]");
  if (!button) return;
  const form = document.getElementById("sign-in");
  form.elements.login.value = button.dataset.demoName;
  form.elements.password.value = button.dataset.demoPassword;
  form.querySelector("button[type=submit]").focus();
});
