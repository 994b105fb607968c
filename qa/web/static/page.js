// What a page does beyond plain HTML: the box grows and suggests, a citation is copied. All of it works without.
"use strict";

const PAUSE = 80; // milliseconds without a key, after which suggestions are fetched

/** Put a box of several lines in place of the one-line box; Enter asks, Shift and Enter begins a line. */
function growingBox(input) {
  const box = document.createElement("textarea");
  for (const name of ["id", "name", "maxlength", "placeholder", "autocomplete"]) {
    if (input.hasAttribute(name)) box.setAttribute(name, input.getAttribute(name));
  }
  box.rows = 1;
  box.value = input.value;
  const hadFocus = document.activeElement === input || input.autofocus;
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  };
  box.addEventListener("input", fit);
  box.addEventListener("keydown", (event) => {
    const chooses = box.hasAttribute("aria-activedescendant"); // a suggestion, which is not to be asked yet
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !chooses) {
      event.preventDefault();
      box.form.requestSubmit();
    }
  });
  input.replaceWith(box);
  fit();
  if (hadFocus || (box.value && matchMedia("(pointer: fine)").matches && !location.hash)) {
    box.focus({ preventScroll: true });
    box.setSelectionRange(box.value.length, box.value.length);
  }
  return box;
}

/** Show what may follow below the box: arrows choose, Enter or a click takes, Escape closes. */
function suggestions(box, address) {
  const list = document.createElement("ul");
  list.id = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.form.dataset.suggestions);
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  box.parentElement.after(list, said);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  let active = -1, waiting = 0, asked = null;

  const close = () => {
    clearTimeout(waiting);
    asked?.abort();
    list.hidden = true;
    said.textContent = "";
    active = -1;
    box.removeAttribute("aria-activedescendant");
  };
  const take = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input"));
    close();
    box.focus();
  };
  const mark = (place) => {
    active = place;
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === place)));
    if (place < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", list.children[place].id);
  };
  const show = (texts) => {
    list.replaceChildren(...texts.map((text, number) => {
      const item = document.createElement("li");
      item.id = `suggestion-${number}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = text;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(text); });
      return item;
    }));
    close();
    list.hidden = !texts.length;
    said.textContent = texts.length ? `${texts.length} · ${box.form.dataset.suggestions}` : "";
  };
  const fetchThem = async () => {
    const typed = box.value;
    asked?.abort();
    asked = new AbortController();
    try {
      const response = await fetch(`${address}?q=${encodeURIComponent(typed)}`, { signal: asked.signal });
      const found = response.ok ? (await response.json()).suggestions : [];
      if (document.activeElement === box && box.value === typed) show(found);
    } catch { /* nothing is suggested then */ }
  };
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(fetchThem, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") mark(active < last ? active + 1 : -1);
    else if (event.key === "ArrowUp") mark(active < 0 ? last : active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) take(list.children[active].textContent);
    else return;
    event.preventDefault();
  });
  box.addEventListener("blur", close);
}

/** Let a button copy what its address gives. */
function copying(button) {
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      const response = await fetch(button.dataset.copy);
      if (!response.ok) throw new Error(response.statusText);
      await navigator.clipboard.writeText((await response.text()).trim());
      button.textContent = button.dataset.done;
    } catch {
      location.href = button.dataset.copy; // where it can be read, or why it cannot
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

// What is folded is printed, too.
addEventListener("beforeprint", () => document.querySelectorAll("main details").forEach((one) => { one.open = true; }));

const input = document.getElementById("q");
if (input) {
  const address = input.form.dataset.suggest;
  const box = growingBox(input);
  // What is not chosen is left out of the address, which is then one to pass on.
  box.form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value && name !== "q") formData.delete(name);
  });
  if (address) suggestions(box, address);
}
if (navigator.clipboard) document.querySelectorAll("button[data-copy]").forEach(copying);
