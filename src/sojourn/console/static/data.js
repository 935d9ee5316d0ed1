// Pages that wait for something: a section with data-refresh is replaced by its newer self until it asks no more.
// Text with data-copy gets a button that copies it. A file that is too large is said before it is sent.
"use strict";

(() => {
  for (const hint of document.querySelectorAll(".without-script")) hint.hidden = true;

  async function refresh(section) {
    let next = section;
    try {
      const answer = await fetch(section.dataset.refresh, { headers: { accept: "text/html" }, redirect: "error" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(section.id);
        if (fresh && fresh.innerHTML !== section.innerHTML) {
          const focused = section.contains(document.activeElement) ? document.activeElement.id : "";
          next = document.importNode(fresh, true);
          for (const hint of next.querySelectorAll(".without-script")) hint.hidden = true;
          section.replaceWith(next);
          if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
        }
        if (fresh && !fresh.dataset.refresh) return;
      }
    } catch {
      // The console is away for a moment: it is asked again.
    }
    setTimeout(() => refresh(next), 700);
  }

  for (const section of document.querySelectorAll("[data-refresh]")) setTimeout(() => refresh(section), 400);

  for (const file of document.querySelectorAll("[data-most]")) {
    file.addEventListener("change", () => {
      const large = file.files.length && file.files[0].size > Number(file.dataset.most);
      file.setCustomValidity(large ? "This file is too large to upload; put it into the server's folder, or import it with `sojourn import`." : "");
      file.reportValidity();
    });
    file.form.addEventListener("submit", () => {
      const button = file.form.querySelector("button");
      button.textContent = "Uploading…";
      // After the form has taken its values.
      setTimeout(() => { button.disabled = true; });
      addEventListener("pageshow", () => { button.disabled = false; });
    });
  }

  for (const text of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    text.after(button);
  }
})();
